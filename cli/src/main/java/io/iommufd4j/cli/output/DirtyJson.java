// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import io.iommufd4j.cli.vmm.WrittenPages;
import io.iommufd4j.cli.vmm.WrittenRegion;
import io.iommufd4j.uapi.HwptId;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON of what a device wrote. */
final class DirtyJson {

  private DirtyJson() {}

  /** The keys of {@code dirty}. */
  static Map<String, @Nullable Object> watched(Document.Watched watched) {
    WrittenPages written = watched.outcome().written();
    var replaced = watched.outcome().replaced();
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("plan", VmmJson.plan(watched.plan()));
    json.put("steps", watched.steps());
    json.put("now", replaced.now().map(HwptId::value).orElse(null));
    json.put("interrupted", replaced.interrupted());
    json.put("verified", replaced.verified());
    json.put("checks", replaced.checks().stream().map(ReplaceJson::check).toList());
    json.put("watched_ns", written.time().toNanos());
    json.put("looks", written.looks());
    json.put("written_pages", written.writtenPages());
    json.put("unwatched_bytes", watched.unwatchedBytes().orElse(null));
    json.put("regions", written.regions().stream().map(DirtyJson::region).toList());
    return json;
  }

  private static Map<String, @Nullable Object> region(WrittenRegion region) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.putAll(VmmJson.range(region.range()));
    json.put("page_bytes", region.pageBytes());
    json.put("written_pages", region.writtenPages());
    json.put("cell_bytes", region.cellBytes());
    json.put("heat", region.heat());
    json.put("written", region.written().stream().map(VmmJson::range).toList());
    return json;
  }
}
