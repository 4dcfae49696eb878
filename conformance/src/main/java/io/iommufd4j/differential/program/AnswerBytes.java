// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Answers to programs as {@code lab/programs.c} writes them, big-endian. */
public final class AnswerBytes {

  /** In place of a value that does not fit a byte, and so follows. */
  private static final int WIDE = 127;

  private static final int SMALL = 120;

  private AnswerBytes() {}

  public static void write(DataOutputStream out, List<Answer> answers) throws IOException {
    out.writeShort(answers.size());
    for (Answer answer : answers) {
      boolean small = answer.value() > -SMALL && answer.value() < SMALL;
      out.writeByte(small ? (int) answer.value() : WIDE);
      if (!small) {
        out.writeLong(answer.value());
      }
      out.writeShort(answer.bytes().length);
      out.write(answer.bytes());
    }
  }

  public static List<Answer> read(DataInputStream in) throws IOException {
    int size = in.readUnsignedShort();
    var answers = new ArrayList<Answer>(size);
    for (int i = 0; i < size; i++) {
      long value = in.readByte();
      if (value == WIDE) {
        value = in.readLong();
      }
      byte[] bytes = new byte[in.readUnsignedShort()];
      in.readFully(bytes);
      answers.add(new Answer(value, bytes));
    }
    return List.copyOf(answers);
  }
}
