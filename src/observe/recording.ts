import { isRecording, markRecording } from './recorded-plan.js';
import { startRecorder } from './recorder.js';

/** Records the races of this process, if its environment names a file for them. Called once, before the first race. */
export function recordByEnvironment(env: NodeJS.ProcessEnv = process.env): void {
  const { RX_HAPPY_EYEBALLS_RECORD: path } = env;
  if (path === undefined || path === '' || isRecording()) return;
  markRecording();
  startRecorder(path, env);
}
