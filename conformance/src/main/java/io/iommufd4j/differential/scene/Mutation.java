// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import io.iommufd4j.differential.program.Field;
import io.iommufd4j.differential.program.Value;
import java.util.List;

/** Makes a valid request invalid in one place. */
final class Mutation {

  private final Dice dice;
  private final Addresses addresses;
  private final Shadow shadow;

  Mutation(Dice dice, Addresses addresses, Shadow shadow) {
    this.dice = dice;
    this.addresses = addresses;
    this.shadow = shadow;
  }

  void spoil(Draft draft) {
    int bytes = draft.structBytes();
    switch (dice.below(8)) {
      case 0 -> size(draft, bytes);
      case 1 -> draft.sendTo(dice.below(shadow.files() + 1));
      case 2, 3 -> anyByte(draft, bytes);
      default -> field(draft);
    }
  }

  private void size(Draft draft, int bytes) {
    long size =
        switch (dice.below(9)) {
          case 0 -> 0;
          case 1 -> bytes - 1;
          case 2 -> bytes - 4;
          case 3 -> bytes - 8;
          case 4 -> dice.below(bytes + 1);
          case 5 -> bytes + 8;
          case 6 -> bytes + dice.between(1, 64);
          case 7 -> dice.of(4096, 4097, 8192, 8193, 1 << 20);
          default -> (int) dice.word();
        };
    draft.at(0, Integer.BYTES, new Value.Literal(size & 0xffff_ffffL));
    if (dice.percent(40)) {
      int tail = bytes + dice.below(64);
      draft.at(tail, 1, new Value.Literal(dice.between(1, 255)));
    }
  }

  /** Mostly this hits a reserved field or a flag, where that is what there is. */
  private void anyByte(Draft draft, int bytes) {
    if (bytes <= Integer.BYTES) {
      return;
    }
    int offset = dice.between(Integer.BYTES, bytes - 1);
    if (draft.fixed(offset)) {
      return;
    }
    int change = dice.between(1, 255);
    Field covering =
        draft.fields().stream()
            .filter(f -> offset >= f.offset() && offset < f.offset() + f.width())
            .findFirst()
            .orElse(new Field(offset, 1, new Value.Literal(0)));
    if (covering.value() instanceof Value.Literal(long number)) {
      long changed = number ^ ((long) change << (8 * (offset - covering.offset())));
      draft.at(covering.offset(), covering.width(), new Value.Literal(changed));
    }
  }

  private void field(Draft draft) {
    List<Field> fields = draft.fields();
    if (fields.size() < 2) {
      return;
    }
    Field field = fields.get(dice.between(1, fields.size() - 1));
    if (draft.fixed(field.offset()) && field.value() instanceof Value.Literal) {
      return;
    }
    draft.at(field.offset(), field.width(), other(field));
  }

  private Value other(Field field) {
    return switch (field.value()) {
      case Value.Address _ -> dice.percent(80) ? addresses.bad() : new Value.Literal(nowhere());
      case Value.ObjectSlot _ -> strangeId();
      case Value.FileSlot _ ->
          dice.percent(50) ? new Value.FileSlot(otherFile()) : new Value.Literal(-1);
      case Value.Literal literal -> new Value.Literal(number(field.width(), literal.number()));
    };
  }

  /** A descriptor of memory, as long as there is one. */
  private int otherFile() {
    return shadow.memfds.isEmpty() ? shadow.files() : dice.of(shadow.memfds);
  }

  /** An address where nothing is mapped. */
  private long nowhere() {
    return dice.of(0, 8, -4096, -1, Long.MIN_VALUE, 0x1234_5678_9abc_def0L, 1L << 47);
  }

  private Value strangeId() {
    int chance = dice.below(10);
    if (chance < 6 && shadow.objects() > 0) {
      return new Value.ObjectSlot(dice.below(shadow.objects()));
    }
    return new Value.Literal(chance < 9 ? dice.below(12) : dice.of(-1, 1 << 30, 0x7fff_ffff));
  }

  private long number(int width, long before) {
    if (width == Long.BYTES) {
      return switch (dice.below(4)) {
        case 0 -> before + dice.of(1, -1, 4096, -4096, 2048);
        case 1 -> addresses.iova();
        case 2 -> addresses.length();
        default -> addresses.edge();
      };
    }
    long mask = (1L << (8 * width)) - 1;
    return switch (dice.below(5)) {
          case 0 -> before + 1;
          case 1 -> before - 1;
          case 2 -> before ^ 1L << dice.below(8 * width);
          case 3 -> dice.below(16);
          default -> dice.word();
        }
        & mask;
  }
}
