// Rows of one height, of which only those in sight exist, and one that always does.
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type Range,
  type VirtualItem,
} from '@tanstack/virtual-core';

export class VirtualRows {
  items = $state.raw<VirtualItem[]>([]);
  height = $state(0);
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #options;

  constructor(element: () => HTMLElement | null, rowHeight: number) {
    this.#options = {
      count: 0,
      getScrollElement: element,
      estimateSize: () => rowHeight,
      overscan: 8,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => {
        this.#show();
      },
    };
    this.#virtualizer = new Virtualizer<HTMLElement, HTMLElement>(this.#options);
  }

  /** Call once the element exists; call what it returns when the element goes. */
  mount(): () => void {
    const unmount = this.#virtualizer._didMount();
    this.#virtualizer._willUpdate();
    this.#show();
    return unmount;
  }

  /** Says how many rows there are, and which of them exists even out of sight: the focus may be on it. */
  hold(count: number, held: number): void {
    const rangeExtractor = (range: Range) => {
      const seen = defaultRangeExtractor(range);
      return held >= count || seen.includes(held) ? seen : [...seen, held].sort((one, other) => one - other);
    };
    this.#virtualizer.setOptions({ ...this.#options, count, rangeExtractor });
    this.#virtualizer._willUpdate();
    this.#show();
  }

  /** Brings a row into sight, moving as little as possible. */
  reveal(index: number): void {
    this.#virtualizer.scrollToIndex(index, { align: 'auto' });
  }

  toTop(): void {
    this.#virtualizer.scrollToOffset(0);
  }

  #show(): void {
    this.items = this.#virtualizer.getVirtualItems();
    this.height = this.#virtualizer.getTotalSize();
  }
}
