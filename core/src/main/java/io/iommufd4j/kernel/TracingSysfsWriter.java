// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A writer that reports each write once the kernel is done with it, or it is given up. */
final class TracingSysfsWriter implements SysfsWriter {

  private static final String CALL = "write";

  private final SysfsWriter writer;
  private final String backend;
  private final TraceSink sink;
  private @Nullable SysfsWrite underWay;
  private long start;

  TracingSysfsWriter(SysfsWriter writer, String backend, TraceSink sink) {
    this.writer = writer;
    this.backend = backend;
    this.sink = sink;
  }

  @Override
  public void begin(SysfsWrite write) {
    underWay = write;
    start = System.nanoTime();
    writer.begin(write);
  }

  @Override
  public OptionalInt await(Duration time) {
    OptionalInt answer = writer.await(time);
    answer.ifPresent(result -> tell(result, ""));
    return answer;
  }

  @Override
  public void undo(List<SysfsWrite> writes) {
    writer.undo(writes);
  }

  @Override
  public String whereabouts() {
    return writer.whereabouts();
  }

  @Override
  public void leave() {
    if (underWay != null) {
      tell(Errno.ETIMEDOUT.negated(), "given up; it goes on without this process");
    }
    writer.leave();
  }

  @Override
  public void close() {
    writer.close();
  }

  private void tell(int result, String note) {
    SysfsWrite write = underWay;
    if (write == null) {
      return;
    }
    underWay = null;
    var inputs = new ArrayList<TraceField>();
    inputs.add(new TraceField("path", write.file().toString()));
    inputs.add(new TraceField("text", write.text()));
    if (!note.isEmpty()) {
      inputs.add(new TraceField("note", note));
    }
    long nanos = System.nanoTime() - start;
    sink.accept(new TraceEvent(backend, CALL, CALL, inputs, List.of(), result, nanos));
  }
}
