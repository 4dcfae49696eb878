// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.exec.ProgramTrace;
import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordingHeader;
import io.iommufd4j.exec.record.RecordingWriter;
import io.iommufd4j.exec.trace.DevicePaths;
import io.iommufd4j.exec.trace.TracedCall;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.KernelIdentity;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code trace}. */
@Command(
    name = "trace",
    addMethodSubcommands = false,
    description = {
      "Runs a program on this host's own kernel and shows every request that it makes of"
          + " iommufd and VFIO.",
      "Shown on standard error, for the program and all that it starts: fields, flags and"
          + " kinds of ids by name, what the kernel wrote back, the errno, the time. Nothing"
          + " else of the program is slowed down.",
      "Takes the right to trace one's own children, and Linux 5.3 or newer. The program"
          + " gains no privileges, and ends when this command ends. Exits with the program's"
          + " status, or 128 + the number of the signal that ended it; 3 when it cannot be"
          + " started or traced."
    })
public final class TraceVerb implements Callable<Integer> {

  private final Invocation invocation;
  private final Set<String> unsupported = new TreeSet<>();
  private final Set<String> used = new TreeSet<>();

  @Option(
      names = "--unsupported",
      description =
          "At the end, the requests that the kernel did not know: ENOTTY, EOPNOTSUPP, E2BIG.")
  boolean listsUnsupported;

  @Option(
      names = "--seccomp",
      description =
          "At the end, every request that was made, with its number: what a filter has to allow.")
  boolean listsUsed;

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description =
          "Writes a recording, which replay plays again: one JSON object a line, of opens, requests"
              + " with all that they point to, reads, writes and mappings of registers. What requests"
              + " do not carry is not in it. Opens for writing, and short reads and writes, of any"
              + " file cost a stop then.")
  @Nullable String recording;

  @Option(
      names = "--json",
      description = "On standard error, the lines of a recording in place of text.")
  boolean json;

  @Mixin final ProgramArguments program = new ProgramArguments();

  /** For an invocation. */
  public TraceVerb(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() {
    PrintStream err = invocation.terminal().err();
    var trace = new ProgramTrace(call -> tell(call, err));
    if (json || recording != null) {
      trace.recording(recorder(err));
    }
    int status = trace.run(program.command);
    if (listsUnsupported) {
      unsupported.forEach(line -> err.println("unsupported: " + line));
    }
    if (listsUsed) {
      used.forEach(line -> err.println("allow: ioctl " + line));
    }
    return status;
  }

  /** Writes to the file, to standard error, or to both. */
  private Consumer<RecordedEvent> recorder(PrintStream err) {
    KernelIdentity kernel =
        new KernelIdentity(KernelIdentity.NATIVE, System.getProperty("os.version", ""), "");
    RecordingHeader header = new DevicePaths(Path.of("/sys")).header(kernel, program.command);
    Consumer<RecordedEvent> told = json ? new RecordingWriter(err, header) : event -> {};
    return recording == null
        ? told
        : told.andThen(new RecordingWriter(invocation.recording(recording), header));
  }

  private void tell(TracedCall call, PrintStream err) {
    if (!json) {
      err.println(call);
    }
    String name = call.event().name();
    used.add("0x%04x %s".formatted(call.request().number(), name));
    long result = call.event().result();
    if (result == Errno.ENOTTY.negated()
        || result == Errno.EOPNOTSUPP.negated()
        || result == Errno.E2BIG.negated()) {
      unsupported.add(
          "%s (0x%04x): %s"
              .formatted(name, call.request().number(), call.event().errno().orElse("")));
    }
  }
}
