import type { Family } from '../core/address/address.js';
import { addressesIn, answerFamily, isOfAddresses } from '../core/race/answers.js';
import type { Answered } from '../core/race/events.js';
import type { Gate } from '../core/race/schedule.js';

/** What a race that goes by service records waits for, where the records change nothing but when it may begin. */
export class AnswerGate implements Gate {
  isPositive = false;
  isReordered = false;
  private recordsHeard = false;
  private readonly heard = new Set<Family>();

  constructor(private readonly preferredFamily: Family) {}

  get isReady(): boolean {
    return this.recordsHeard && (this.heard.has(this.preferredFamily) || this.heard.size === 2);
  }

  fold({ answer }: Answered): void {
    if (isOfAddresses(answer)) this.heard.add(answerFamily(answer));
    else this.recordsHeard = true;
    this.isReordered = addressesIn(answer).length > 0;
    this.isPositive ||= this.isReordered;
  }
}
