// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli;

import io.iommufd4j.cli.bench.BenchVerb;
import io.iommufd4j.cli.command.DeviceBind;
import io.iommufd4j.cli.command.DeviceClearOverride;
import io.iommufd4j.cli.command.DeviceList;
import io.iommufd4j.cli.command.DeviceReplace;
import io.iommufd4j.cli.command.DeviceShow;
import io.iommufd4j.cli.command.DeviceUnbind;
import io.iommufd4j.cli.command.DeviceVerbs;
import io.iommufd4j.cli.command.DirtyVerb;
import io.iommufd4j.cli.command.DoctorVerb;
import io.iommufd4j.cli.command.GroupList;
import io.iommufd4j.cli.command.GroupShow;
import io.iommufd4j.cli.command.GroupVerbs;
import io.iommufd4j.cli.command.InspectVerb;
import io.iommufd4j.cli.command.ReplayVerb;
import io.iommufd4j.cli.command.SimExec;
import io.iommufd4j.cli.command.SimVerbs;
import io.iommufd4j.cli.command.TraceVerb;
import io.iommufd4j.cli.machine.MachineCapture;
import io.iommufd4j.cli.machine.MachineCheck;
import io.iommufd4j.cli.machine.MachineList;
import io.iommufd4j.cli.machine.MachineShow;
import io.iommufd4j.cli.machine.MachineVerbs;
import io.iommufd4j.cli.run.Invocation;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.function.Function;
import java.util.function.Predicate;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/**
 * The commands of iommufdctl by name. To make one, picocli reads its annotations by reflection, a
 * millisecond or more each; so a run makes only those that its arguments name.
 */
final class CommandTree {

  private static final int HELP_WIDTH = 100;

  private final Invocation invocation;
  private final Predicate<String> wanted;

  private CommandTree(Invocation invocation, Predicate<String> wanted) {
    this.invocation = invocation;
    this.wanted = wanted;
  }

  /** Every command: for help, and for what is said of a mistake. */
  static CommandLine all(Invocation invocation) {
    return new CommandTree(invocation, _ -> true).make();
  }

  /** The commands whose names the predicate takes. */
  static CommandLine of(Invocation invocation, Predicate<String> wanted) {
    return new CommandTree(invocation, wanted).make();
  }

  private CommandLine make() {
    var top = new CommandLine(new Iommufdctl(invocation));
    add(top, "device-replace", DeviceReplace::new);
    add(top, "inspect", InspectVerb::new);
    add(top, "dirty", DirtyVerb::new);
    add(top, "doctor", DoctorVerb::new);
    add(top, "bench", BenchVerb::new);
    if (wanted.test("device")) {
      // Commands go below a parent that is in place: then they inherit its options.
      CommandLine device = parent(top, new DeviceVerbs());
      add(device, "list", DeviceList::new);
      add(device, "show", DeviceShow::new);
      add(device, "bind", DeviceBind::new);
      add(device, "unbind", DeviceUnbind::new);
      add(device, "clear-override", DeviceClearOverride::new);
    }
    if (wanted.test("group")) {
      CommandLine group = parent(top, new GroupVerbs());
      add(group, "list", GroupList::new);
      add(group, "show", GroupShow::new);
    }
    if (wanted.test("machine")) {
      CommandLine machine = parent(top, new MachineVerbs());
      add(machine, "list", MachineList::new);
      add(machine, "show", MachineShow::new);
      add(machine, "check", MachineCheck::new);
      add(machine, "capture", MachineCapture::new);
    }
    add(top, "replay", ReplayVerb::new);
    if (wanted.test("trace")) {
      // What follows the program's name is the program's.
      top.addSubcommand(
          "trace", new CommandLine(new TraceVerb(invocation)).setStopAtPositional(true));
    }
    if (wanted.test("sim")) {
      CommandLine sim = parent(top, new SimVerbs());
      // What follows the program's name is the program's.
      sim.addSubcommand("exec", new CommandLine(new SimExec(invocation)).setStopAtPositional(true));
    }
    Conversions.register(top);
    // sim is a kernel, too: --backend sim.
    top.setAllowSubcommandsAsOptionParameters(true);
    top.setUsageHelpWidth(HELP_WIDTH);
    top.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    top.setOut(writer(invocation.terminal().out()));
    top.setErr(writer(invocation.terminal().err()));
    return top;
  }

  private void add(CommandLine parent, String name, Function<Invocation, ?> command) {
    if (wanted.test(name)) {
      parent.addSubcommand(name, command.apply(invocation));
    }
  }

  private static CommandLine parent(CommandLine top, Object command) {
    var line = new CommandLine(command);
    top.addSubcommand(line);
    return line;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }
}
