// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.replace.ReplacePlan;
import io.iommufd4j.cli.switching.DmaCount;
import io.iommufd4j.cli.switching.SwitchCase;
import io.iommufd4j.cli.switching.SwitchOrder;
import io.iommufd4j.cli.switching.WayResult;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** {@code bench} in JSON. */
final class BenchJson {

  private BenchJson() {}

  static Map<String, @Nullable Object> plan(ReplacePlan plan, SwitchOrder order) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("device", JsonRenderer.device(plan.device().device()));
    json.put(
        "siblings",
        plan.siblings().stream().map(one -> JsonRenderer.device(one.device())).toList());
    json.put("iommu", plan.iommu().name());
    json.put("replace_behavior", JsonRenderer.replaceBehavior(plan.iommu()));
    json.put("counts", order.counts());
    json.put("sizes", order.sizes());
    json.put("ways", order.ways().stream().sorted().map(Object::toString).toList());
    json.put("time_ns", order.time().toNanos());
    json.put("at_stake", plan.atStake());
    return json;
  }

  static Map<String, @Nullable Object> benched(Document.Benched benched) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("plan", plan(benched.plan(), benched.order()));
    json.put("interrupted", benched.outcome().interrupted());
    json.put("cases", benched.outcome().cases().stream().map(BenchJson::one).toList());
    return json;
  }

  private static Map<String, @Nullable Object> one(SwitchCase one) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("areas", one.areas());
    json.put("area_bytes", one.bytes());
    json.put("fill_ns", one.fillNanos() == 0 ? null : one.fillNanos());
    json.put("quiet", one.dma() ? dma(one.quiet()) : null);
    json.put("ways", one.ways().stream().map(result -> way(result, one.dma())).toList());
    json.put("limit", one.limit().map(BenchJson::limit).orElse(null));
    return json;
  }

  private static Map<String, @Nullable Object> limit(SwitchCase.Limit limit) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("placed", limit.placed());
    json.put("errno", limit.errno().orElse(null));
    json.put("message", limit.message());
    return json;
  }

  private static Map<String, @Nullable Object> way(WayResult result, boolean dma) {
    Histogram nanos = result.nanos();
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("way", result.way().toString());
    json.put("switches", nanos.getTotalCount());
    json.put("min_ns", nanos.getMinValue());
    json.put("median_ns", nanos.getValueAtPercentile(50));
    json.put("p99_ns", nanos.getValueAtPercentile(99));
    json.put("max_ns", nanos.getMaxValue());
    json.put("single", dma ? dma(result.single()) : null);
    json.put("back_to_back", dma ? dma(result.backToBack()) : null);
    json.put("histogram", encoded(nanos));
    return json;
  }

  /** HdrHistogram's own encoding, compressed, in base 64, as its logs have it. */
  private static String encoded(Histogram nanos) {
    var buffer = ByteBuffer.allocate(nanos.getNeededByteBufferCapacity());
    int length = nanos.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }

  private static Map<String, @Nullable Object> dma(DmaCount count) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("arrived", count.arrived());
    json.put("lost", count.lost());
    json.put("wrong", count.wrong());
    json.put("longest_gap_ns", count.longestGapNanos());
    return json;
  }
}
