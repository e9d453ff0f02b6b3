import { Arg, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../context.ts';
import { EdgeFilter, EdgeOrder } from '../edge/edge.input.ts';
import { Edge, EdgeConnection, Path } from '../edge/edge.type.ts';
import { Experiment } from '../experiment/experiment.type.ts';
import { Node } from '../node/node.type.ts';
import type { Connection } from '../relay/connection.ts';
import { ImportCircuitInput } from './circuit.input.ts';
import { Circuit } from './circuit.type.ts';

/** Queries and mutations on circuits. Edges come from the dense matrix in memory. */
@Resolver(() => Circuit)
export class CircuitResolver {
  @Query(() => Circuit, { nullable: true, description: 'The circuit with this id.' })
  circuit(@Arg('id', () => ID) id: string, @Ctx() { app }: Context): Promise<Circuit | null> {
    return app.circuits.byId(id);
  }

  @Authorized('runner')
  @Mutation(() => Circuit, { description: 'Imports a circuit in any of the formats of circuits.' })
  importCircuit(
    @Arg('input', () => ImportCircuitInput) input: ImportCircuitInput,
    @Ctx() { app }: Context,
  ): Promise<Circuit> {
    return app.circuits.import(input);
  }

  @FieldResolver(() => Experiment, {
    nullable: true,
    description: 'The experiment that made it; null for an imported one.',
  })
  experiment(@Root() circuit: Circuit, @Ctx() { app }: Context): Promise<Experiment | null> {
    return circuit.experimentId === null ? Promise.resolve(null) : app.experiments.byId(circuit.experimentId);
  }

  @FieldResolver(() => [Node], { description: 'The nodes of the rows of the score matrix.' })
  async senders(@Root() circuit: Circuit, @Ctx() { app }: Context): Promise<Node[]> {
    return (await app.circuits.graph(circuit.id)).senders;
  }

  @FieldResolver(() => [Node], {
    description: 'The nodes of the columns of the score matrix, each once whatever the number of its ports.',
  })
  async receivers(@Root() circuit: Circuit, @Ctx() { app }: Context): Promise<Node[]> {
    return (await app.circuits.graph(circuit.id)).receivers.map((receiver) => receiver.node);
  }

  @FieldResolver(() => Int, { description: 'Number of edges of the graph.' })
  async edgeCount(@Root() circuit: Circuit, @Ctx() { app }: Context): Promise<number> {
    return (await app.circuits.graph(circuit.id)).edgeCount;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Number of edges in the chosen circuit; null where none was chosen.',
  })
  async inCircuitCount(@Root() circuit: Circuit, @Ctx() { app }: Context): Promise<number | null> {
    return (await app.circuits.graph(circuit.id)).inCircuitCount;
  }

  @FieldResolver(() => EdgeConnection, {
    description: 'The edges that pass the filter, a page at a time (first ≤ 1000).',
  })
  edges(
    @Root() circuit: Circuit,
    @Ctx() { app }: Context,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('orderBy', () => EdgeOrder, { nullable: true, defaultValue: EdgeOrder.ABSOLUTE_SCORE_DESC })
    orderBy: EdgeOrder,
    @Arg('filter', () => EdgeFilter, { nullable: true }) filter?: EdgeFilter | null,
  ): Promise<Connection<Edge>> {
    return app.circuits.edges(circuit.id, { first, after, orderBy, filter });
  }

  @FieldResolver(() => [Edge], {
    description:
      'The strongest edges around a node: at each step the `top` strongest edges into and out of the nodes reached so far.',
  })
  neighbourhood(
    @Root() circuit: Circuit,
    @Ctx() { app }: Context,
    @Arg('node', () => String) node: string,
    @Arg('depth', () => Int, { nullable: true, defaultValue: 1 }) depth: number,
    @Arg('top', () => Int, { nullable: true, defaultValue: 50 }) top: number,
  ): Promise<Edge[]> {
    return app.circuits.neighbourhood(circuit.id, { node, depth, top });
  }

  @FieldResolver(() => [Path], {
    description:
      'The strongest ways from one node to another; a path is as strong as its weakest edge, of equal ones the shorter is first.',
  })
  paths(
    @Root() circuit: Circuit,
    @Ctx() { app }: Context,
    @Arg('from', () => String) from: string,
    @Arg('to', () => String) to: string,
    @Arg('top', () => Int, { nullable: true, defaultValue: 20 }) top: number,
  ): Promise<Path[]> {
    return app.circuits.paths(circuit.id, { from, to, top });
  }
}
