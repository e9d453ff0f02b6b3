/** A circuit's edges as an Arrow file, strongest first: dictionaries of names, so that 1.6M edges are some 30 MB. Out alone. */
import type * as ApacheArrow from 'apache-arrow';
import { nodeOf, portOf, strongestFirst, type ScoredCircuit } from './scored-circuit.ts';

/**
 * The file: columns sender, receiver, port (dictionaries), score (float32), in_circuit (bool, null where no circuit was
 * chosen); row i has rank i + 1. The record is the schema's metadata `record`, as JSON.
 */
export async function writeArrow(circuit: ScoredCircuit): Promise<Uint8Array[]> {
  const arrow = await import('apache-arrow'); // a library of 100 ms that few commands need
  const cells = strongestFirst(circuit);
  const { senders, receivers, scores, inCircuit } = circuit;
  const columns = cells.map((cell) => cell % receivers.length);
  const names = (all: string[], indices: Uint32Array): Vector => namesColumn(arrow, all, indices);
  const table = new arrow.Table({
    sender: names(
      senders,
      cells.map((cell) => Math.floor(cell / receivers.length)),
    ),
    receiver: names(receivers.map(nodeOf), columns),
    port: names(receivers.map(portOf), columns),
    score: arrow.makeVector(Float32Array.from(cells, (cell) => scores[cell]!)),
    in_circuit: inCircuit === null ? nulls(arrow, cells.length) : flags(arrow, cells, inCircuit),
  });
  table.schema.metadata.set('record', JSON.stringify(circuit.record));
  return [arrow.tableToIPC(table, 'file')];
}

type Arrow = typeof ApacheArrow;
type Vector = ApacheArrow.Vector;

/** Each row's name by its index in `all`; names that recur share an entry. */
function namesColumn(arrow: Arrow, all: string[], indices: Uint32Array): Vector {
  const distinct = [...new Set(all)];
  const places = new Map(distinct.map((name, place) => [name, place]));
  const placeOf = Int32Array.from(all, (name) => places.get(name)!);
  const dictionary = arrow.vectorFromArray(distinct, new arrow.Utf8());
  const type = new arrow.Dictionary(dictionary.type, new arrow.Int32());
  const data = Int32Array.from(indices, (index) => placeOf[index]!);
  return new arrow.Vector([arrow.makeData({ type, data, length: data.length, nullCount: 0, dictionary })]);
}

/** A bit a row, the first in the lowest place. */
function flags(arrow: Arrow, cells: Uint32Array, inCircuit: Float32Array): Vector {
  const data = new Uint8Array(Math.ceil(cells.length / 8));
  for (let row = 0; row < cells.length; row++) if (inCircuit[cells[row]!] !== 0) data[row >> 3]! |= 1 << (row & 7);
  return new arrow.Vector([arrow.makeData({ type: new arrow.Bool(), data, length: cells.length, nullCount: 0 })]);
}

function nulls(arrow: Arrow, length: number): Vector {
  const bits = Math.ceil(length / 8);
  const [data, nullBitmap] = [new Uint8Array(bits), new Uint8Array(bits)];
  return new arrow.Vector([arrow.makeData({ type: new arrow.Bool(), data, nullBitmap, length, nullCount: length })]);
}
