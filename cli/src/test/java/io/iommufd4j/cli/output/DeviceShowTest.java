// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.JsonDocument;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.IommuInstance;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.pci.VfioHolders;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.vfio.VfioDevice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Help.Ansi;

/**
 * The JSON of {@code device show} has all that the text shows: each row of the text is put together
 * again from the JSON alone. A row that is added to one and not to the other fails here.
 */
final class DeviceShowTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "desk",
        "bridge",
        "single:noiommu",
        "single:none",
        "single:amd",
        "two-function:vtd",
        "many:virtio",
        "sriov:vtd",
        "two-iommus"
      })
  void eachRowOfTheTextFollowsFromTheJson(String machine) throws IOException {
    try (var kernel = SimKernel.on(Machine.named(machine))) {
      var host = Host.of(kernel);
      var edus =
          host.devices().stream().filter(device -> device.ids().equals("1234:11e8")).toList();
      int rows = 0;
      for (PciDevice device : host.devices()) {
        rows += compare(kernel, device);
      }
      for (PciDevice edu : edus) {
        if (edu.group().isPresent() || host.takesDevicesWithoutIommu()) {
          try (var _ = VfioBinding.bind(kernel, List.of(edu.address()));
              var _ = VfioDevice.open(kernel, edu.address())) {
            var held = host.device(edu.address());
            assertEquals(1, VfioHolders.of(kernel).of(held).size());
            rows += compare(kernel, held);
          }
        }
      }
      assertTrue(rows > 8, "rows compared: " + rows);
    }
  }

  private static int compare(Kernel kernel, PciDevice device) {
    var document = Document.Device.of(kernel, device);
    List<String> rows =
        shown(out -> new TextRenderer(out, Ansi.OFF), document).lines().skip(1).toList();
    Map<String, Object> json = JsonDocument.read(JsonDocument.of("device show", document));
    assertEquals(rows(json), rows);
    return rows.size();
  }

  private static String shown(Function<PrintStream, Renderer> renderer, Document document) {
    var bytes = new ByteArrayOutputStream();
    renderer.apply(new PrintStream(bytes, true, StandardCharsets.UTF_8)).result(document);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static List<String> rows(Map<String, Object> json) {
    var device = map(json.get("device"));
    var table =
        new Table()
            .row("device", text(device, "address"))
            .row(
                "id",
                text(device, "vendor")
                    + ":"
                    + text(device, "device")
                    + " rev "
                    + text(device, "revision"))
            .row("class", text(device, "class"))
            .row("driver", or(device, "driver", "none"))
            .row("override", or(device, "driver_override", "-"))
            .row("cdev", or(device, "cdev", "-"))
            .row("iommu", iommu(device, json));
    if (device.get("physical_function") != null) {
      table.row("VF of", text(device, "physical_function"));
    }
    List<?> functions = (List<?>) Objects.requireNonNull(json.get("virtual_functions"));
    if (!functions.isEmpty()) {
      table.row("VFs", names(functions));
    }
    for (Object holder : (List<?>) Objects.requireNonNull(json.get("holders"))) {
      table.row("held", text(map(holder), "hold"));
    }
    group(table, json);
    List<?> siblings = (List<?>) Objects.requireNonNull(json.get("siblings"));
    table.row("siblings", siblings.isEmpty() ? "-" : names(siblings));
    return table.lines();
  }

  private static String names(List<?> devices) {
    return devices.stream()
        .map(
            device -> text(map(device), "address") + " (" + or(map(device), "driver", "none") + ")")
        .collect(Collectors.joining(", "));
  }

  private static String iommu(Map<?, ?> device, Map<String, Object> json) {
    if (Boolean.TRUE.equals(device.get("no_iommu_mode"))) {
      return "none: VFIO holds it in no-IOMMU mode, and its DMA goes to physical addresses";
    }
    if (device.get("iommu") == null) {
      return "-";
    }
    String behavior = text(json, "replace_behavior").toUpperCase(Locale.ROOT).replace('-', '_');
    return text(device, "iommu")
        + ", "
        + Formats.replaceBehavior(IommuInstance.Replace.valueOf(behavior));
  }

  private static void group(Table table, Map<String, Object> json) {
    if (json.get("group") == null) {
      table.row("group", "-");
      return;
    }
    var group = map(json.get("group"));
    String name = group.get("name") == null ? "" : ", " + text(group, "name");
    table.row("group", text(group, "number") + " (" + text(group, "type") + name + ")");
    for (Object region : (List<?>) Objects.requireNonNull(group.get("reserved"))) {
      table.row(
          "reserved",
          List.of("first", "last").stream()
                  .map(end -> text(map(region), end))
                  .collect(Collectors.joining("-"))
              + " "
              + text(map(region), "type"));
    }
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return (Map<?, ?>) Objects.requireNonNull(value);
  }

  private static String text(Map<?, ?> json, String key) {
    return String.valueOf(Objects.requireNonNull(json.get(key), key));
  }

  private static String or(Map<?, ?> json, String key, String otherwise) {
    return json.get(key) == null ? otherwise : text(json, key);
  }
}
