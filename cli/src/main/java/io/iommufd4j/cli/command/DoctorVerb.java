// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.command;

import io.iommufd4j.cli.doctor.Doctor;
import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.doctor.Verdict;
import io.iommufd4j.cli.output.Document;
import io.iommufd4j.cli.output.Renderer;
import io.iommufd4j.cli.run.ExitCode;
import io.iommufd4j.cli.run.Invocation;
import io.iommufd4j.kernel.Backend.Purpose;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.kernel.KernelUnavailableException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code doctor}. */
@Command(
    name = "doctor",
    addMethodSubcommands = false,
    description = {
      "Makes the calls that a program would make, and tells what is missing and what would fix it.",
      "Devices that a VFIO driver holds and nobody uses are bound and attached for a moment, which"
          + " resets them; those that somebody uses are named and left alone. Leaves with 3 when"
          + " something is missing."
    })
public final class DoctorVerb extends Verb {

  public DoctorVerb(Invocation invocation) {
    super(invocation, Purpose.IOMMUFD);
  }

  @Override
  public Integer call() {
    try {
      return super.call();
    } catch (KernelUnavailableException unavailable) {
      var host =
          new KernelIdentity(
              KernelIdentity.NATIVE, System.getProperty("os.version", "unknown"), "");
      var findings =
          Doctor.examineWithout(unavailable.reason(), unavailable.fix(), Path.of("/sys"));
      return tell(invocation().renderer(Invocation.commandName(spec)), host, findings);
    }
  }

  @Override
  protected int run(Kernel kernel, Renderer renderer) {
    return tell(renderer, kernel.identity(), Doctor.examine(kernel));
  }

  private static int tell(Renderer renderer, KernelIdentity kernel, List<Finding> findings) {
    renderer.result(new Document.Diagnosis(kernel, findings));
    boolean missing = findings.stream().anyMatch(f -> f.verdict() == Verdict.MISSING);
    return missing ? ExitCode.NOT_AVAILABLE : ExitCode.OK;
  }
}
