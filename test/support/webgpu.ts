/** A WebGPU adapter for tests: a GPU where there is one, else Mesa's software Vulkan, which runs the same shaders. */
import { probeBackend } from '../../libs/model/src/backend/probe-backends.ts';
import { aptInstall, aptInstallBackport } from '../../scripts/apt-install.ts';

/** Why WebGPU does not run here, or undefined when it does. */
export async function webgpuMissing(): Promise<string | undefined> {
  const probe = await probeBackend('webgpu');
  return probe.works ? undefined : probe.reason;
}

/**
 * As `webgpuMissing`, after installing what is missing where root can. Dawn finds no adapter in Mesa 22.3 of Debian 12,
 * but one in 25.0 of its backports.
 */
export async function installWebgpu(): Promise<string | undefined> {
  if ((await webgpuMissing()) === undefined) return undefined;
  const refused = (await aptInstall('libvulkan1')) ?? (await aptInstallBackport('mesa-vulkan-drivers', 'bookworm'));
  return refused ?? (await webgpuMissing());
}
