import { invoke } from '@tauri-apps/api/core';
import { asCommandError, type Bridge } from './interface';

/** Commands over Tauri's own channel. */
export const tauri: Bridge = {
  async call(name, args) {
    try {
      return await invoke(name, args === null ? undefined : { args });
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  },
};
