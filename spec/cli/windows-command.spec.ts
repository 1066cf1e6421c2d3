import { startOf } from '../../src/cli/windows-command.js';

const WINDOWS = { PATH: 'C:\\Windows;C:\\node', PATHEXT: '.COM;.EXE;.BAT;.CMD', ComSpec: 'C:\\Windows\\cmd.exe' };

/** Starts a command on a Windows that has these files. */
const onWindows = (command: readonly string[], ...files: string[]) =>
  startOf(command, WINDOWS, 'win32', (path) => files.includes(path));

describe('a command that `run` starts', () => {
  it('is left to the system on other platforms', () => {
    expect(startOf(['npm', 'install'], {}, 'linux', () => true)).toEqual({ file: 'npm', args: ['install'] });
  });

  it('is found in PATH on Windows, in its order, with the extensions of PATHEXT', () => {
    expect(onWindows(['git', 'clone', 'a b'], 'C:\\Windows\\git.exe', 'C:\\node\\git.exe')).toEqual({
      file: 'C:\\Windows\\git.exe',
      args: ['clone', 'a b'],
    });
    expect(onWindows(['curl.exe'], 'C:\\node\\curl.exe')).toEqual({ file: 'C:\\node\\curl.exe', args: [] });
    expect(onWindows(['.\\tool'], '.\\tool.exe')).toEqual({ file: '.\\tool.exe', args: [] });
  });

  it('is never found in the working directory by its name alone', () => {
    expect(onWindows(['git'], 'git.exe')).toEqual({ file: 'git', args: [] });
  });

  it('is run by cmd.exe if it is a batch file, as npm is, with arguments that cmd.exe leaves alone', () => {
    const { file, args, windowsVerbatimArguments } = onWindows(
      ['npm', 'install', 'a&b', '100%', 'say "hi"\\'],
      'C:\\node\\npm.cmd',
    );
    expect({ file, windowsVerbatimArguments }).toEqual({ file: WINDOWS.ComSpec, windowsVerbatimArguments: true });
    expect(args).toEqual(['/d', '/s', '/c', `"C:\\node\\npm.cmd ^"install^" ^"a^&b^" ^"100^%^" ^"say^ \\^"hi\\^"\\\\^""`]);
  });

  it('has its arguments escaped twice if it is a batch file of npm, which passes them on', () => {
    const shim = 'C:\\app\\node_modules\\.bin\\eslint.cmd';
    expect(onWindows([shim, 'a&b'], shim).args.at(-1)).toBe(`"${shim} ^^^"a^^^&b^^^""`);
  });

  it('is passed on as it is if there is none, so that the system reports it', () => {
    expect(onWindows(['nothing', 'a'])).toEqual({ file: 'nothing', args: ['a'] });
  });
});
