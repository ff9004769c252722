import { type Command, Option } from 'commander';
import { SETTINGS, type SettingName } from '../../config/settings';

/**
 * Gives a command the options of settings. They stay plain text: `readSettings` adds environment and defaults and checks
 * everything, so that it can report all mistakes at once.
 */
export function addSettingOptions(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flags, env, default: fallback, description } = SETTINGS[name];
    if (flags === null) continue;
    command.addOption(new Option(flags, `${description.replaceAll('`', '')} (${env}, default ${fallback})`));
  }
  return command;
}
