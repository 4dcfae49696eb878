// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.scene;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.differential.program.BlockNames;
import io.iommufd4j.differential.program.Field;
import io.iommufd4j.differential.program.Output;
import io.iommufd4j.differential.program.Step;
import io.iommufd4j.differential.program.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A request being filled: fields by name, its size set. */
public final class Draft {

  private static final Set<String> POINTERS =
      Set.of(
          "user_va",
          "vaddr",
          "allowed_iovas",
          "data_uptr",
          "data",
          "token_uuid_ptr",
          "check_map.uptr",
          "check_refs.uptr",
          "access_pages.uptr",
          "access_rw.uptr",
          "dirty.uptr");

  private int file;
  private final String name;
  private final Map<Integer, Field> fields = new TreeMap<>();
  private final List<Output> outputs = new ArrayList<>();

  public Draft(int file, String name) {
    this.file = file;
    this.name = name;
    BlockNames.layout(name)
        .ifPresent(layout -> at(0, Integer.BYTES, new Value.Literal(layout.byteSize())));
  }

  public Draft set(String field, long number) {
    return set(field, new Value.Literal(number));
  }

  public Draft set(String field, Value value) {
    BlockNames.Place place = place(field);
    return at(place.offset(), place.width(), value);
  }

  public Draft at(int offset, int width, Value value) {
    fields.put(offset, new Field(offset, width, value));
    return this;
  }

  public Draft keepsObject(String field, int slot) {
    outputs.add(new Output(place(field).offset(), false, slot));
    return this;
  }

  public Draft keepsFile(String field, int slot) {
    outputs.add(new Output(place(field).offset(), true, slot));
    return this;
  }

  /** At {@link Output#RESULT} or {@link Output#LOWEST}. */
  public Draft keepsFile(int where, int slot) {
    outputs.add(new Output(where, true, slot));
    return this;
  }

  void sendTo(int otherFile) {
    file = otherFile;
  }

  List<Field> fields() {
    return List.copyOf(fields.values());
  }

  /** Bytes of the struct; 0 where there is none. */
  int structBytes() {
    return BlockNames.layout(name).map(layout -> (int) layout.byteSize()).orElse(0);
  }

  /**
   * True if a byte belongs to an address, or to a field that decides whether another is one: a
   * changed byte could lead into memory of the process that runs the program.
   */
  boolean fixed(int offset) {
    boolean operation = name.equals(BlockNames.TEST) && offset / Integer.BYTES == 1;
    return operation
        || BlockNames.fields(name).stream()
            .filter(field -> POINTERS.contains(field.name()))
            .map(BlockNames.Named::place)
            .anyMatch(place -> offset >= place.offset() && offset < place.offset() + place.width());
  }

  private BlockNames.Place place(String field) {
    return BlockNames.field(name, field)
        .orElseThrow(() -> new IllegalArgumentException(name + " has no field " + field));
  }

  /** Takes PASIDs from a mock device that is being made. */
  void withoutPasids() {
    if (!name.equals(BlockNames.TEST)) {
      return;
    }
    Field operation = fields.get(place("op").offset());
    boolean device =
        operation != null
            && operation.value() instanceof Value.Literal(long number)
            && number == selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS();
    Field flags = fields.get(place("mock_domain_flags.dev_flags").offset());
    if (device && flags != null && flags.value() instanceof Value.Literal(long number)) {
      set("mock_domain_flags.dev_flags", number & ~selftest_h.MOCK_FLAGS_DEVICE_PASID());
    }
  }

  /** Takes the choice of IOVA from a copy. */
  void copiesToFixedIova() {
    if (name.equals("IOMMU_IOAS_COPY")) {
      Field flags = fields.get(place("flags").offset());
      if (flags != null && flags.value() instanceof Value.Literal(long number)) {
        set("flags", number | iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA());
      }
    }
  }

  /** Shortens what maps user memory. */
  void capped(long bytes) {
    String length =
        switch (name) {
          case "IOMMU_IOAS_MAP" -> "length";
          case "VFIO_IOMMU_MAP_DMA" -> "size";
          default -> "";
        };
    if (!length.isEmpty()) {
      Field field = fields.get(place(length).offset());
      boolean longer =
          field != null
              && field.value() instanceof Value.Literal(long number)
              && Long.compareUnsigned(number, bytes) > 0;
      if (longer) {
        set(length, bytes);
      }
    }
  }

  public Step.Ioctl step() {
    var known =
        fields.values().stream()
            .filter(field -> !field.value().equals(new Value.Literal(0)))
            .toList();
    return new Step.Ioctl(file, name, known, outputs);
  }
}
