// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import com.fasterxml.jackson.jr.ob.JSON;
import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.output.Document.BenchPlan;
import io.iommufd4j.cli.output.Document.Benched;
import io.iommufd4j.cli.output.Document.Binding;
import io.iommufd4j.cli.output.Document.BindingPlan;
import io.iommufd4j.cli.output.Document.Device;
import io.iommufd4j.cli.output.Document.Devices;
import io.iommufd4j.cli.output.Document.Diagnosis;
import io.iommufd4j.cli.output.Document.Failure;
import io.iommufd4j.cli.output.Document.Group;
import io.iommufd4j.cli.output.Document.Groups;
import io.iommufd4j.cli.output.Document.Inspected;
import io.iommufd4j.cli.output.Document.Intent;
import io.iommufd4j.cli.output.Document.MachineChecked;
import io.iommufd4j.cli.output.Document.MachineYaml;
import io.iommufd4j.cli.output.Document.Machines;
import io.iommufd4j.cli.output.Document.Overridden;
import io.iommufd4j.cli.output.Document.Plan;
import io.iommufd4j.cli.output.Document.Replaced;
import io.iommufd4j.cli.output.Document.RunningPlanned;
import io.iommufd4j.cli.output.Document.RunningReplaced;
import io.iommufd4j.cli.output.Document.Watched;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.IommuGroup;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.MediatedDevice;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.ReservedRegion;
import io.iommufd4j.sim.Machine;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One JSON document for one run. Names are written out here and not taken from the records, so that
 * a record may change and the JSON does not. What is not there is null, so that every key always
 * stands.
 */
public final class JsonRenderer implements Renderer {

  /** Raised when a key goes or changes its meaning; new keys leave it as it is. */
  static final int SCHEMA = 1;

  private static final JSON FORMAT =
      JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

  private final PrintStream out;
  private final String command;

  /**
   * Writes to a stream.
   *
   * @param command the verb, as {@code device list}
   */
  public JsonRenderer(PrintStream out, String command) {
    this.out = out;
    this.command = command;
  }

  @Override
  public void preface(Document document) {}

  @Override
  public void step(String text) {}

  @Override
  public void result(Document document) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("schema", SCHEMA);
    json.put("command", command);
    json.put("kernel", document.kernel().map(JsonRenderer::kernel).orElse(null));
    switch (document) {
      case Diagnosis diagnosis ->
          json.put("findings", diagnosis.findings().stream().map(JsonRenderer::finding).toList());
      case Devices devices -> {
        json.put("devices", devices.devices().stream().map(JsonRenderer::device).toList());
        json.put("mediated", devices.mediated().stream().map(JsonRenderer::mediated).toList());
      }
      case Device device -> {
        json.put("device", device(device.device()));
        json.put(
            "replace_behavior",
            device.device().iommu().map(JsonRenderer::replaceBehavior).orElse(null));
        json.put("group", device.group().map(JsonRenderer::group).orElse(null));
        json.put("siblings", device.siblings().stream().map(JsonRenderer::device).toList());
        json.put(
            "virtual_functions",
            device.virtualFunctions().stream().map(JsonRenderer::device).toList());
        json.put("holders", device.holders().stream().map(JsonRenderer::holder).toList());
      }
      case Binding binding -> {
        json.put("before", device(binding.before()));
        json.put("after", device(binding.after()));
        json.put("blockers", binding.blockers().stream().map(JsonRenderer::device).toList());
        json.put("stays", binding.stays());
      }
      case Overridden overridden -> {
        json.put("before", device(overridden.before()));
        json.put("after", device(overridden.after()));
        json.put("stays", overridden.stays());
      }
      case Groups groups ->
          json.put("groups", groups.groups().stream().map(JsonRenderer::group).toList());
      case Group group -> {
        json.put("group", group(group.group()));
        json.put("devices", group.members().stream().map(JsonRenderer::device).toList());
      }
      case Intent plan -> json.put("plan", plan(plan));
      case Replaced replaced -> {
        json.put("plan", ReplaceJson.plan(replaced.plan()));
        json.put("steps", replaced.steps());
        json.putAll(ReplaceJson.outcome(replaced.outcome()));
      }
      case Benched benched -> json.putAll(BenchJson.benched(benched));
      case Inspected inspected -> json.putAll(VmmJson.inspection(inspected.inspection()));
      case RunningReplaced replaced -> {
        json.put("plan", VmmJson.plan(replaced.plan()));
        json.put("steps", replaced.steps());
        json.putAll(VmmJson.outcome(replaced.outcome()));
      }
      case Watched watched -> json.putAll(DirtyJson.watched(watched));
      case Machines machines -> {
        json.put("machines", machines.machines().stream().map(JsonRenderer::machine).toList());
        json.put("iommus", machines.iommus());
      }
      case MachineYaml machine -> {
        json.put("machine", machine.name());
        json.put("yaml", machine.yaml());
      }
      case MachineChecked checked -> {
        json.put("file", checked.file());
        json.put("machine", checked.source().detail());
        json.put("functions", checked.functions());
        json.put("groups", checked.groups());
      }
      case Failure failure -> {
        json.put("error", failure(failure));
        failure.plan().ifPresent(plan -> json.put("plan", plan(plan)));
      }
    }
    try {
      out.println(FORMAT.asString(json));
    } catch (IOException e) {
      throw new UncheckedIOException("a document of maps, lists and texts was not written", e);
    }
  }

  private static Map<String, @Nullable Object> machine(Machine machine) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("name", machine.name());
    json.put("release", machine.release());
    json.put("about", machine.about());
    return json;
  }

  private static Map<String, @Nullable Object> kernel(KernelIdentity kernel) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("backend", kernel.backend());
    json.put("release", kernel.release());
    json.put("detail", kernel.detail());
    return json;
  }

  /** The effect of a replace on DMA. */
  static String replaceBehavior(IommuInstance iommu) {
    return Formats.name(iommu.driver().replace());
  }

  private static Map<String, @Nullable Object> plan(Intent intent) {
    return switch (intent) {
      case Plan replace -> ReplaceJson.plan(replace.plan());
      case BenchPlan bench -> BenchJson.plan(bench.plan(), bench.order());
      case RunningPlanned running -> VmmJson.plan(running.plan());
      case BindingPlan binding -> {
        var json = new LinkedHashMap<String, @Nullable Object>();
        json.put("device", device(binding.device()));
        json.put("driver", binding.driver().orElse(null));
        json.put("at_stake", binding.atStake());
        yield json;
      }
    };
  }

  private static Map<String, @Nullable Object> finding(Finding finding) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("check", finding.check());
    json.put("verdict", Formats.name(finding.verdict()));
    json.put("device", finding.device().map(device -> device.address().toString()).orElse(null));
    json.put("holders", finding.holders().stream().map(JsonRenderer::holder).toList());
    json.put("observed", finding.observed());
    json.put("fix", finding.fix().isEmpty() ? null : finding.fix());
    return json;
  }

  private static Map<String, @Nullable Object> holder(Holder holder) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("pid", holder.pid());
    json.put("command", holder.command());
    json.put("file", holder.path());
    json.put("hold", holder.toString());
    return json;
  }

  static Map<String, @Nullable Object> device(PciDevice device) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("address", device.address().toString());
    json.put("vendor", Formats.hex(device.vendorId(), 4));
    json.put("device", Formats.hex(device.deviceId(), 4));
    json.put("class", Formats.hex(device.classCode(), 6));
    json.put("revision", Formats.hex(device.revision(), 2));
    json.put("driver", device.driver().orElse(null));
    json.put("driver_override", device.driverOverride().orElse(null));
    json.put("group", device.group().isPresent() ? device.group().getAsInt() : null);
    json.put("iommu", device.iommu().map(iommu -> iommu.name()).orElse(null));
    json.put("no_iommu_mode", device.heldWithoutIommu());
    json.put("cdev", device.cdevPath().orElse(null));
    json.put("physical_function", device.physicalFunction().map(Object::toString).orElse(null));
    return json;
  }

  private static Map<String, @Nullable Object> mediated(MediatedDevice device) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("uuid", device.uuid());
    json.put("driver", device.driver());
    json.put("type", device.type());
    json.put("group", device.group().isPresent() ? device.group().getAsInt() : null);
    json.put("cdev", device.cdevPath().orElse(null));
    return json;
  }

  static Map<String, @Nullable Object> group(IommuGroup group) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("number", group.number());
    json.put("name", group.name().orElse(null));
    json.put("type", group.type());
    json.put("emulated", group.emulated());
    json.put("members", group.members().stream().map(Object::toString).toList());
    json.put("others", group.others());
    json.put("reserved", group.reserved().stream().map(JsonRenderer::reserved).toList());
    return json;
  }

  private static Map<String, @Nullable Object> reserved(ReservedRegion region) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("first", Formats.iova(region.first()));
    json.put("last", Formats.iova(region.last()));
    json.put("type", region.type());
    return json;
  }

  private static Map<String, @Nullable Object> failure(Failure failure) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("exit_code", failure.exitCode());
    json.put("errno", failure.errno().orElse(null));
    json.put("message", failure.message());
    return json;
  }
}
