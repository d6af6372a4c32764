import { Channel, invoke } from '@tauri-apps/api/core';
import type { WindowEvent } from '../bindings';
import { asCommandError, type Bridge } from './interface';

/** Commands and events over Tauri's own channel. */
export const tauri: Bridge = {
  async call(name, args) {
    try {
      return await invoke(name, args === null ? undefined : { args });
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  },
  async listen(handler) {
    const channel = new Channel<WindowEvent>();
    channel.onmessage = handler;
    await invoke('watch', { channel });
  },
};
