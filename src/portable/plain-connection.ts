/** A connection that says where it leads, and carries nothing. */
export interface PlainConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly destroyed: boolean;
  destroy(): this;
}
