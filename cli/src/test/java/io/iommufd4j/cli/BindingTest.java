package io.iommufd4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** {@code device bind} and {@code device unbind}, each on a machine of its own. */
final class BindingTest {

  @Test
  void aDeviceWithoutDriverIsBoundUnasked() {
    CommandRun text = CommandRun.of("--sim", "device", "bind", "02:01.0");
    assertEquals(0, text.exitCode(), text.err());
    assertTrue(
        text.out().contains("0000:02:01.0: driver none -> vfio-pci at /dev/vfio/devices/vfio0"),
        text.out());
    CommandRun json = CommandRun.of("--sim", "device", "bind", "02:01.0", "-o", "json");
    assertEquals("vfio-pci", json.json("after", "driver"));
    assertEquals("vfio-pci", json.json("after", "driver_override"));
  }

  @Test
  void aDeviceInUseIsTakenOnlyWithConsent() {
    CommandRun unasked = CommandRun.of("--sim", "device", "bind", "00:19.0");
    assertEquals(2, unasked.exitCode());
    assertEquals(
        "iommufdctl: 0000:00:19.0 is in use by the host: agree with --yes", unasked.err().strip());

    CommandRun refused = CommandRun.answering("no\n", "--sim", "device", "bind", "00:19.0");
    assertEquals(2, refused.exitCode());
    assertTrue(refused.err().contains("take 0000:00:19.0 from its driver e1000e? [y/N]"));

    CommandRun agreed = CommandRun.answering("yes\n", "--sim", "device", "bind", "00:19.0");
    assertEquals(0, agreed.exitCode(), agreed.err());
    CommandRun told = CommandRun.of("--sim", "device", "bind", "00:19.0", "--yes");
    assertEquals(0, told.exitCode(), told.err());
    assertTrue(told.out().contains("driver e1000e -> vfio-pci"), told.out());
  }

  @Test
  void siblingsThatKeepTheGroupAreNamed() {
    CommandRun run = CommandRun.of("--sim", "--machine", "many", "device", "bind", "00:0b.0");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.out().contains("0000:00:0b.1 (e1000e)"), run.out());
  }

  @Test
  void aDeviceThatIsNotVfiosIsNotUnbound() {
    CommandRun run = CommandRun.of("--sim", "device", "unbind", "00:19.0");
    assertEquals(1, run.exitCode());
    assertEquals(1, run.errors().size(), run.err());
    assertTrue(run.err().contains("EINVAL"), run.err());
    assertTrue(run.err().contains("e1000e"), run.err());
  }
}
