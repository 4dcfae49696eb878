// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.trace;

import io.iommufd4j.kernel.ForeignRequest;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.kernel.TraceEvent;
import io.iommufd4j.kernel.TraceField;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Names of flags, and kinds of ids. The kind of an id is known from the request that made it; all
 * iommufds of a program are taken for one, as most have one.
 */
final class Meanings {

  private static final Map<Request, List<String>> FLAGS =
      Map.of(
          Request.IOMMU_IOAS_MAP, List.of("FIXED_IOVA", "WRITEABLE", "READABLE"),
          Request.IOMMU_IOAS_MAP_FILE, List.of("FIXED_IOVA", "WRITEABLE", "READABLE"),
          Request.IOMMU_IOAS_COPY, List.of("FIXED_IOVA", "WRITEABLE", "READABLE"),
          Request.IOMMU_HWPT_ALLOC,
              List.of("NEST_PARENT", "DIRTY_TRACKING", "FAULT_ID_VALID", "PASID"),
          Request.IOMMU_HWPT_SET_DIRTY_TRACKING, List.of("ENABLE"),
          Request.IOMMU_HWPT_GET_DIRTY_BITMAP, List.of("NO_CLEAR"),
          Request.VFIO_DEVICE_BIND_IOMMUFD, List.of("TOKEN"),
          Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT, List.of("PASID"),
          Request.VFIO_DEVICE_DETACH_IOMMUFD_PT, List.of("PASID"),
          Request.VFIO_DEVICE_SET_IRQS,
              List.of(
                  "DATA_NONE",
                  "DATA_BOOL",
                  "DATA_EVENTFD",
                  "ACTION_MASK",
                  "ACTION_UNMASK",
                  "ACTION_TRIGGER"));

  /** Fields with an id of their own kind, whichever request has them. */
  private static final Map<String, String> KINDS =
      Map.of(
          "ioas_id", "IOAS",
          "out_ioas_id", "IOAS",
          "dst_ioas_id", "IOAS",
          "src_ioas_id", "IOAS",
          "out_hwpt_id", "HWPT",
          "out_devid", "device",
          "dev_id", "device",
          "out_viommu_id", "vIOMMU",
          "out_vdevice_id", "vdevice",
          "out_fault_id", "fault queue");

  private static final List<String> IDS =
      List.of("id", "pt_id", "hwpt_id", "object_id", "viommu_id");

  private final Map<String, String> known = new HashMap<>();

  /** The same event with names. */
  TraceEvent named(ForeignRequest request, TraceEvent event) {
    List<String> flags = request.request().map(FLAGS::get).orElse(List.of());
    if (!event.failed()) {
      event.outputs().forEach(this::learn);
    }
    return new TraceEvent(
        event.backend(),
        event.call(),
        event.name(),
        named(event.inputs(), flags),
        named(event.outputs(), flags),
        event.result(),
        event.nanos());
  }

  private void learn(TraceField made) {
    String kind = KINDS.get(made.name());
    if (kind != null) {
      known.put(made.value(), kind);
    } else if (made.name().equals("pt_id")) {
      // An IOAS was asked for, and this is the page table that the kernel made or found.
      known.put(made.value(), "HWPT");
    }
  }

  private List<TraceField> named(List<TraceField> fields, List<String> flags) {
    var named = new ArrayList<TraceField>();
    for (TraceField field : fields) {
      String meaning = meaning(field, flags);
      named.add(
          meaning == null || meaning.isEmpty()
              ? field
              : new TraceField(field.name(), field.value() + " (" + meaning + ")"));
    }
    return named;
  }

  private @Nullable String meaning(TraceField field, List<String> flags) {
    if (field.name().equals("flags") && field.value().startsWith("0x")) {
      return flags(Long.parseUnsignedLong(field.value().substring(2), 16), flags);
    }
    if (field.value().equals("0")) {
      return null;
    }
    String kind = KINDS.get(field.name());
    return kind == null && IDS.contains(field.name()) ? known.get(field.value()) : kind;
  }

  private static String flags(long bits, List<String> names) {
    var set = new ArrayList<String>();
    for (int bit = 0; bit < names.size(); bit++) {
      if ((bits >> bit & 1) != 0) {
        set.add(names.get(bit));
      }
    }
    return String.join("|", set);
  }
}
