// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.vmm.Attachment;
import io.iommufd4j.cli.vmm.ContextView;
import io.iommufd4j.cli.vmm.DeviceView;
import io.iommufd4j.cli.vmm.Inspection;
import io.iommufd4j.cli.vmm.ProcessView;
import io.iommufd4j.cli.vmm.RunningOutcome;
import io.iommufd4j.cli.vmm.RunningPlan;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.OpenDescriptor;
import io.iommufd4j.uapi.HwptId;
import io.iommufd4j.uapi.IoasId;
import io.iommufd4j.uapi.IovaRange;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON of other processes' devices. */
final class VmmJson {

  private VmmJson() {}

  /** The keys of {@code inspect}. */
  static Map<String, @Nullable Object> inspection(Inspection inspection) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("processes", inspection.processes().stream().map(VmmJson::process).toList());
    json.put("hidden_processes", inspection.hidden());
    return json;
  }

  private static Map<String, @Nullable Object> process(ProcessView view) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("pid", view.process().pid());
    json.put("command", view.process().command());
    var pinned = view.process().pinnedBytes();
    json.put("pinned_bytes", pinned.isPresent() ? pinned.getAsLong() : null);
    json.put("obstacle", view.obstacle().isEmpty() ? null : view.obstacle());
    json.put(
        "descriptors", view.process().descriptors().stream().map(VmmJson::descriptor).toList());
    json.put("iommufds", view.contexts().stream().map(VmmJson::context).toList());
    json.put("devices", view.devices().stream().map(VmmJson::device).toList());
    return json;
  }

  private static Map<String, @Nullable Object> descriptor(OpenDescriptor descriptor) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("fd", descriptor.fd());
    json.put("kind", Formats.name(descriptor.kind()));
    json.put("file", descriptor.path());
    json.put("device", descriptor.device().orElse(null));
    return json;
  }

  private static Map<String, @Nullable Object> context(ContextView context) {
    IommufdContent content = context.content();
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("fd", context.fd());
    json.put("rlimit_per_process", content.rlimitPerProcess());
    json.put("ioases", content.ioases().stream().map(VmmJson::ioas).toList());
    json.put("devices", content.devices().stream().map(device -> device.id().value()).toList());
    json.put("hwpts", content.hwpts().stream().map(VmmJson::hwpt).toList());
    json.put("nested_hwpts", content.nested());
    json.put("viommus", content.viommus());
    json.put("others", content.others());
    return json;
  }

  private static Map<String, @Nullable Object> ioas(IommufdContent.Ioas ioas) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("id", ioas.id().value());
    json.put("iova_ranges", ioas.ranges().ranges().stream().map(VmmJson::range).toList());
    json.put("alignment", ioas.ranges().alignment());
    json.put("huge_pages", ioas.hugePages());
    return json;
  }

  static Map<String, @Nullable Object> range(IovaRange range) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("first", Formats.iova(range.start()));
    json.put("last", Formats.iova(range.last()));
    return json;
  }

  private static Map<String, @Nullable Object> hwpt(IommufdContent.Hwpt hwpt) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("id", hwpt.id().value());
    json.put("dirty_tracking", hwpt.dirtyTracking());
    return json;
  }

  private static Map<String, @Nullable Object> device(DeviceView device) {
    Attachment attachment = device.attachment();
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("fd", device.descriptor().fd());
    json.put("device", device.descriptor().device().orElse(null));
    json.put("iommufd", attachment.iommufd().orElse(null));
    json.put("ioas", attachment.ioas().map(IoasId::value).orElse(null));
    json.put("hwpt", attachment.hwpt().map(HwptId::value).orElse(null));
    json.put("assumed", attachment.assumed());
    json.put("reason", attachment.reason().isEmpty() ? null : attachment.reason());
    return json;
  }

  /** The plan of a replace under a process' device. */
  static Map<String, @Nullable Object> plan(RunningPlan plan) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("device", JsonRenderer.device(plan.device()));
    json.put("owner", plan.owner());
    json.put("replace_behavior", JsonRenderer.replaceBehavior(plan.iommu()));
    json.put("ioas", plan.ioas().value());
    json.put("from", plan.from().value());
    json.put("siblings", plan.siblings().stream().map(JsonRenderer::device).toList());
    json.put("flags", plan.order().flags().stream().map(Formats::name).sorted().toList());
    json.put("keep", plan.order().keep());
    json.put("back_after_seconds", plan.order().stay().toSeconds());
    json.put("rounds", plan.order().rounds());
    json.put("at_stake", plan.atStake());
    return json;
  }

  /** The keys of a replace under a process' device, done. */
  static Map<String, @Nullable Object> outcome(RunningOutcome outcome) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("from", outcome.from().value());
    json.put("to", outcome.to().value());
    json.put("automatic", outcome.automatic());
    json.put("now", outcome.now().map(HwptId::value).orElse(null));
    json.put("rounds", outcome.rounds());
    json.put("interrupted", outcome.interrupted());
    json.put("verified", outcome.verified());
    json.put("checks", outcome.checks().stream().map(ReplaceJson::check).toList());
    json.put("replace", ReplaceJson.summary(outcome.there()));
    json.put("back", outcome.back().map(ReplaceJson::summary).orElse(null));
    return json;
  }
}
