/**
 * tfjs's WebGPU backend, with what it leaves out: a tensor beyond the device's limits is refused, a mistake that the
 * device reports later is thrown where values are read, and buffers kept for re-use do not pile up.
 */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { DemurError } from '../errors.ts';
import { adapterName, type DawnDevice } from './dawn.ts';
import { TensorTooLargeError } from './tensor-too-large-error.ts';

/** Bytes of free buffers kept for tensors of the same size; passes of many shapes would otherwise keep them all. */
const FREE_BYTES = 2 ** 28;

/** The device has failed: what it computed since cannot be trusted. */
export class DeviceError extends DemurError {
  constructor(message: string) {
    super('DEVICE_FAILED', `The GPU has refused an operation: ${message.trim().split('\n')[0] ?? ''}`);
  }
}

type Parameters_ = Parameters<WebGPUBackend['runWebGPUProgram']>;

export class DawnBackend extends WebGPUBackend {
  /** The adapter's name. */
  readonly adapter: string;
  /** Whether the adapter is a program on the CPU. */
  readonly isSoftware: boolean;
  readonly #limit: { name: string; bytes: number; adapter: string };
  #failure: DeviceError | undefined;

  constructor({ device, info, software }: DawnDevice) {
    super(device, info);
    this.adapter = adapterName(info);
    this.isSoftware = software;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const name = maxBufferSize < maxStorageBufferBindingSize ? 'maxBufferSize' : 'maxStorageBufferBindingSize';
    this.#limit = { name, bytes: device.limits[name], adapter: this.adapter };
    device.addEventListener('uncapturederror', (event) => {
      this.#failure ??= new DeviceError((event as GPUUncapturedErrorEvent).error.message);
    });
    void device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.#failure = new DeviceError(`the device is lost. ${message}`);
    });
  }

  /** Throws TensorTooLargeError when a float32 tensor of this shape does not fit into a buffer. */
  checkSize(what: string, shape: readonly number[]): void {
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    if (bytes > this.#limit.bytes) throw new TensorTooLargeError(`${what} [${shape.join(', ')}]`, bytes, this.#limit);
  }

  override runWebGPUProgram(...args: Parameters_): ReturnType<WebGPUBackend['runWebGPUProgram']> {
    const [program, inputs] = args;
    this.checkSize('A result of shape', program.outputShape);
    for (const { shape } of inputs) this.checkSize('A tensor of shape', shape);
    const { numBytesAllocated, numBytesUsed } = this.bufferManager;
    if (numBytesAllocated - numBytesUsed > FREE_BYTES) this.#freeUnused();
    return super.runWebGPUProgram(...args);
  }

  /** Waits for the device, so that what it was told wrong is known. */
  override async read(dataId: object): ReturnType<WebGPUBackend['read']> {
    const values = await super.read(dataId);
    this.#throwFailure();
    return values;
  }

  /** Only what has not been brought to the device yet is at hand at once. */
  override readSync(dataId: object): ReturnType<WebGPUBackend['readSync']> {
    const { values } = this.tensorMap.get(dataId);
    if (values == null) throw new Error('WebGPU hands values out asynchronously only: `await tensor.data()`.');
    return values;
  }

  override dispose(): void {
    super.dispose();
    this.device.destroy();
  }

  /** Waits until the device has done all it was given, and gives the memory of freed tensors back. */
  async idle(): Promise<void> {
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.submitQueue();
    await this.queue.onSubmittedWorkDone();
    this.#freeUnused();
  }

  /** Destroys the buffers that no tensor has. None is in commands still to be submitted: those are freed after. */
  #freeUnused(): void {
    const manager = this.bufferManager as unknown as {
      freeBuffers: Map<string, GPUBuffer[]>;
      numFreeBuffers: number;
      numBytesAllocated: number;
    };
    for (const buffers of manager.freeBuffers.values()) {
      for (const buffer of buffers.splice(0)) {
        manager.numBytesAllocated -= buffer.size;
        manager.numFreeBuffers--;
        buffer.destroy();
      }
    }
  }

  #throwFailure(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure;
  }
}
