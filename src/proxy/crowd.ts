/** A member of a {@link Crowd}, and its place there. */
export interface Member {
  place: number;
}

/**
 * Things that come and go by the thousand, in no order.
 *
 * V8 copies a `Set` from time to time as members come and go. Old copies refer to later ones, so they keep members that are long gone in
 * memory until the next full garbage collection. A proxy with two sets of connections kept four times as much as it does now.
 */
export class Crowd<T extends Member> implements Iterable<T> {
  private readonly members: T[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: T): void {
    member.place = this.members.length;
    this.members.push(member);
  }

  /** Moves the last member to the free place. */
  delete(member: T): void {
    const { members } = this;
    const { place } = member;
    if (members[place] !== member) return;
    const last = members.pop()!;
    if (last === member) return;
    members[place] = last;
    last.place = place;
  }

  /** The present members. They may leave meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.members].values();
  }
}
