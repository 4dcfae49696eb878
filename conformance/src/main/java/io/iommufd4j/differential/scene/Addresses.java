// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import io.iommufd4j.differential.program.UserRegions;
import io.iommufd4j.differential.program.Value;

/** Chooses user addresses, IOVAs and lengths: mostly what fits, sometimes an edge. */
public final class Addresses {

  public static final long PAGE = UserRegions.PAGE;

  /** The start of the range that most mappings go to: few pages, so that they meet. */
  private static final long WINDOW = 0x10_0000;

  /** The same where the kernel's mock IOMMU translates, from 16 MiB on. */
  private static final long MOCK_WINDOW = 0x100_0000;

  private static final int WINDOW_PAGES = 64;
  private static final int DATA_PAGES = (int) (UserRegions.DATA_BYTES / PAGE);

  /** Pages of data that hold arrays and bitmaps, for requests that take some by address. */
  private static final int BUFFER_PAGES = 4;

  private final Dice dice;
  private final long window;

  Addresses(Dice dice, boolean mock) {
    this.dice = dice;
    window = mock ? MOCK_WINDOW : WINDOW;
  }

  /** Whole pages to map. */
  public Value.Address pages() {
    int chance = dice.below(100);
    if (chance < 84) {
      return data(PAGE * dice.below(DATA_PAGES - 8));
    }
    if (chance < 90) {
      return data(PAGE * (DATA_PAGES - dice.between(1, 4)));
    }
    if (chance < 94) {
      return new Value.Address(UserRegions.READ_ONLY, PAGE * dice.below(8));
    }
    if (chance < 97) {
      return data(dice.below((int) UserRegions.DATA_BYTES));
    }
    return bad();
  }

  /** A buffer for arrays that a request reads or writes. */
  public Value.Address buffer() {
    int chance = dice.below(100);
    if (chance < 94) {
      return data(8L * dice.below((int) (BUFFER_PAGES * PAGE / 8)));
    }
    if (chance < 96) {
      return data(dice.below((int) (BUFFER_PAGES * PAGE)));
    }
    if (chance < 98) {
      return data(UserRegions.DATA_BYTES - 8L * dice.between(1, 4));
    }
    return bad();
  }

  /** An address where no access succeeds, or the last bytes before one. */
  public Value.Address bad() {
    return dice.percent(50)
        ? new Value.Address(UserRegions.NOTHING, PAGE * dice.below(4))
        : new Value.Address(
            UserRegions.READ_ONLY, UserRegions.READ_ONLY_BYTES - dice.of(1, 4, 8, PAGE));
  }

  private static Value.Address data(long offset) {
    return new Value.Address(UserRegions.DATA, offset);
  }

  /** An IOVA to map at. */
  public long iova() {
    int chance = dice.below(100);
    if (chance < 78) {
      return window + PAGE * dice.below(WINDOW_PAGES);
    }
    if (chance < 84) {
      return PAGE * dice.below(16);
    }
    if (chance < 88) {
      return 0xfee0_0000L + PAGE * dice.between(-6, 260);
    }
    if (chance < 90) {
      return dice.of(0x800_0000L, 0xfd_0000_0000L, 0xff_ffff_f000L) + PAGE * dice.between(-4, 4);
    }
    if (chance < 94) {
      return (1L << dice.of(32, 39, 47, 48, 52, 57, 63)) - PAGE * dice.between(0, 4);
    }
    if (chance < 97) {
      return window + dice.below((int) (PAGE * WINDOW_PAGES));
    }
    return edge();
  }

  /** The number of bytes to map. */
  public long length() {
    int chance = dice.below(100);
    if (chance < 80) {
      return PAGE * dice.between(1, 6);
    }
    if (chance < 90) {
      return PAGE * dice.between(1, 64);
    }
    if (chance < 94) {
      return PAGE << dice.below(16);
    }
    if (chance < 97) {
      return dice.below((int) (3 * PAGE));
    }
    return edge();
  }

  /** A number at which arithmetic turns over, or any. */
  long edge() {
    return switch (dice.below(12)) {
      case 0 -> 0;
      case 1 -> -1;
      case 2 -> -PAGE;
      case 3 -> -dice.below(5 * (int) PAGE);
      case 4 -> Long.MIN_VALUE;
      case 5 -> Long.MAX_VALUE;
      case 6 -> Long.MAX_VALUE - PAGE + 1;
      case 7 -> 1L << dice.between(36, 62);
      case 8 -> (1L << dice.between(36, 62)) - dice.of(1, PAGE);
      case 9 -> dice.between(1, 16);
      case 10 -> dice.word();
      default -> PAGE - 1;
    };
  }
}
