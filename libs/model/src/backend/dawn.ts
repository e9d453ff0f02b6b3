/**
 * A WebGPU device in Node: Dawn, as Chrome has it, out of the npm package `webgpu`, on Vulkan, Metal or Direct3D 12. Puts
 * WebGPU's globals where tfjs looks for them. Not the tensor backend: that is webgpu.ts.
 */
import { create, globals } from 'webgpu';
import { BackendUnavailableError } from './backend-unavailable-error.ts';

/** The limits that tfjs's kernels ask about; a device has WebGPU's small defaults unless the adapter's are asked for. */
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeInvocationsPerWorkgroup',
] as const;

export interface DawnDevice {
  device: GPUDevice;
  info: GPUAdapterInfo;
  /** Whether the adapter is a program on the CPU, such as Mesa's llvmpipe, and no GPU. */
  software: boolean;
}

/** Opens the machine's best adapter with all that it can. Throws BackendUnavailableError where there is none. */
export async function openDawn(): Promise<DawnDevice> {
  const gpu = create([]);
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw noAdapter();
  const requiredLimits = Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]]));
  try {
    const device = await adapter.requestDevice({ requiredLimits });
    return { device, info: adapter.info, software: adapter.info.isFallbackAdapter };
  } catch (cause) {
    const text = `WebGPU's adapter ${adapterName(adapter.info)} gives no device: ${String(cause)}`;
    throw new BackendUnavailableError('webgpu', text, cause);
  }
}

function noAdapter(): BackendUnavailableError {
  const fix = process.platform === 'linux' ? ' Install a Vulkan driver and its loader (on Debian: libvulkan1).' : '';
  return new BackendUnavailableError('webgpu', `WebGPU finds no adapter on this machine.${fix}`);
}

/** What the driver calls the adapter, such as `NVIDIA GeForce RTX 4090`. */
export function adapterName({ device, vendor, architecture }: GPUAdapterInfo): string {
  return device === '' ? `${vendor} ${architecture}`.trim() : device;
}
