// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.replace.Check;
import io.iommufd4j.cli.replace.DmaProof;
import io.iommufd4j.cli.replace.Latency;
import io.iommufd4j.cli.replace.LatencySummary;
import io.iommufd4j.cli.replace.Participant;
import io.iommufd4j.cli.replace.ReplaceOutcome;
import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.replace.Translation;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code device-replace} in JSON. */
final class ReplaceJson {

  private ReplaceJson() {}

  static Map<String, @Nullable Object> plan(ReplacePlan plan) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("device", participant(plan.device()));
    json.put("siblings", plan.siblings().stream().map(ReplaceJson::participant).toList());
    json.put("group", JsonRenderer.group(plan.group()));
    json.put("iommu", plan.iommu().name());
    json.put("replace_behavior", JsonRenderer.replaceBehavior(plan.iommu()));
    json.put("target", plan.order().target().toString());
    json.put("iova", Formats.iova(plan.iova()));
    json.put("rounds", plan.order().rounds());
    json.put("prove_dma", plan.order().proveDma());
    json.put("at_stake", plan.atStake());
    return json;
  }

  private static Map<String, @Nullable Object> participant(Participant participant) {
    Map<String, @Nullable Object> json = JsonRenderer.device(participant.device());
    json.put("bound_temporarily", participant.toBind());
    json.put("attached", participant.attached());
    json.put(
        "virtual_functions",
        participant.virtualFunctions().stream().map(JsonRenderer::device).toList());
    return json;
  }

  /** The keys that an outcome adds to a document. */
  static Map<String, @Nullable Object> outcome(ReplaceOutcome outcome) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("device_id", outcome.device().value());
    json.put("from", translation(outcome.from()));
    json.put("to", translation(outcome.to()));
    json.put("replace_ns", outcome.nanos());
    json.put("verified", outcome.verified());
    json.put("checks", outcome.checks().stream().map(ReplaceJson::check).toList());
    json.put("dma", outcome.proof().map(ReplaceJson::proof).orElse(null));
    json.put("latency", outcome.latency().map(ReplaceJson::latency).orElse(null));
    return json;
  }

  private static Map<String, @Nullable Object> translation(Translation translation) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("ioas", translation.ioas().value());
    json.put("hwpt", translation.hwpt().value());
    json.put("buffer", String.valueOf(translation.buffer()));
    return json;
  }

  /** One check of a replace that was made. */
  static Map<String, @Nullable Object> check(Check check) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("check", check.check());
    json.put("holds", check.holds());
    json.put("observed", check.observed());
    return json;
  }

  private static Map<String, @Nullable Object> proof(DmaProof proof) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("bytes", proof.bytes());
    json.put("from_iova", Formats.iova(proof.from()));
    json.put("holds", proof.holds());
    json.put("copies", proof.runs().stream().map(ReplaceJson::run).toList());
    return json;
  }

  private static Map<String, @Nullable Object> run(DmaProof.Run run) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("device", run.device().toString());
    json.put("when", run.after() ? "after" : "before");
    json.put("to_iova", Formats.iova(run.to()));
    json.put("expected_buffer", String.valueOf(run.expected()));
    json.put("holds", run.holds());
    json.put("buffers", run.buffers().stream().map(ReplaceJson::landing).toList());
    return json;
  }

  private static Map<String, @Nullable Object> landing(DmaProof.Landing landing) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("buffer", String.valueOf(landing.buffer()));
    json.put("hex", landing.hex());
    json.put("text", landing.text());
    json.put(
        "bytes_of",
        landing.bytesOf() == DmaProof.NOTHING ? null : String.valueOf(landing.bytesOf()));
    return json;
  }

  private static Map<String, @Nullable Object> latency(Latency latency) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("rounds", latency.rounds());
    json.put("wanted_rounds", latency.wanted());
    json.put("interrupted", latency.interrupted());
    json.put("warm_up_rounds", latency.warmUp());
    json.put("replace_ns", summary(latency.replace()));
    json.put("detach_attach_ns", summary(latency.detachAttach()));
    json.put("median_ratio", latency.ratio());
    return json;
  }

  /** Nanoseconds of many calls. */
  static Map<String, @Nullable Object> summary(LatencySummary summary) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("min", summary.minNanos());
    json.put("median", summary.medianNanos());
    json.put("p99", summary.p99Nanos());
    return json;
  }
}
