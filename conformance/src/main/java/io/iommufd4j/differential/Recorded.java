// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential;

import io.iommufd4j.differential.program.Answer;
import io.iommufd4j.differential.program.AnswerBytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/**
 * The answers of one kernel to the programs of consecutive seeds. The programs themselves are not
 * kept: their seeds give them again.
 *
 * @param version {@link Generator#VERSION} that the programs were generated with
 * @param firstSeed the first program's seed
 * @param programs for each program its answers, as {@link Case} has them
 */
public record Recorded(int version, long firstSeed, List<List<Answer>> programs) {

  public Recorded {
    programs = List.copyOf(programs);
  }

  /** Compressed. */
  public byte[] encode() {
    var bytes = new ByteArrayOutputStream();
    var deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try (var out = new DataOutputStream(new DeflaterOutputStream(bytes, deflater))) {
      out.writeInt(version);
      out.writeLong(firstSeed);
      out.writeInt(programs.size());
      for (List<Answer> answers : programs) {
        AnswerBytes.write(out, answers);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      deflater.end();
    }
    return bytes.toByteArray();
  }

  /** Undoes {@link #encode}. */
  public static Recorded decode(byte[] bytes) {
    try (var in = new DataInputStream(new InflaterInputStream(new ByteArrayInputStream(bytes)))) {
      int version = in.readInt();
      long firstSeed = in.readLong();
      int count = in.readInt();
      var programs = new ArrayList<List<Answer>>(count);
      for (int i = 0; i < count; i++) {
        programs.add(AnswerBytes.read(in));
      }
      return new Recorded(version, firstSeed, programs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
