// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.cli.SysfsAttribute;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.vfio.VfioDevice;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replace under a virtual function, whose physical one has a user who chose the VF token. */
final class VirtualFunctionTest {

  private static final PciAddress PHYSICAL = PciAddress.parse("0000:01:00.0");
  private static final PciAddress VIRTUAL = PciAddress.parse("0000:01:00.1");
  private static final UUID TOKEN = UUID.fromString("2ab74924-c335-45f4-9b16-8569e5b08258");

  private final SimKernel kernel = SimKernel.on(Machine.named("sriov:vtd"));
  private VfioBinding binding;
  private Iommufd iommufd;
  private VfioDevice physical;

  @BeforeEach
  void open() {
    SysfsAttribute.write(kernel, "module/vfio_pci/parameters/enable_sriov", "Y");
    binding = VfioBinding.bind(kernel, List.of(PHYSICAL));
    SysfsAttribute.write(kernel, "bus/pci/devices/" + PHYSICAL + "/sriov_numvfs", "1");
    iommufd = Iommufd.open(kernel);
    physical = VfioDevice.open(kernel, PHYSICAL);
    physical.bind(iommufd);
    physical.vfToken(TOKEN);
  }

  @AfterEach
  void close() {
    physical.close();
    iommufd.close();
    binding.close();
    kernel.close();
  }

  @Test
  void theTokenOpensIt() {
    assertTrue(replace(VIRTUAL, Optional.of(TOKEN)).verified());
  }

  @Test
  void withoutTheTokenTheHintSaysWhatIsMissing() {
    int open = kernel.control().openFiles();
    var refused = assertThrows(KernelException.class, () -> replace(VIRTUAL, Optional.empty()));
    assertEquals(Errno.EACCES, refused.errno());
    assertTrue(refused.hint().contains("VF token"), refused.hint());
    assertEquals(open, kernel.control().openFiles());
  }

  @Test
  void itOpensThePhysicalFunctionWhileAVirtualOneIsInUse() {
    try (var user = VfioDevice.open(kernel, VIRTUAL)) {
      user.bindWithToken(iommufd, TOKEN);
      physical.close();
      var refused = assertThrows(KernelException.class, () -> replace(PHYSICAL, Optional.empty()));
      assertEquals(Errno.EACCES, refused.errno());
      assertTrue(replace(PHYSICAL, Optional.of(TOKEN)).verified());
    }
  }

  @Test
  void otherFunctionsTakeNone() {
    var edu = PciAddress.parse("0000:00:08.0");
    var refused = assertThrows(NotPossibleException.class, () -> replace(edu, Optional.of(TOKEN)));
    assertTrue(String.valueOf(refused.getMessage()).contains("leave --vf-token out"));
  }

  private ReplaceOutcome replace(PciAddress address, Optional<UUID> token) {
    var order = new ReplaceOrder(ReplaceTarget.NEW_IOAS, 0, false, token);
    var plan = ReplacePlan.of(kernel, Host.of(kernel).device(address), order);
    VfioBinding taken = VfioBinding.prepare(kernel, plan.toBind());
    return new Replacement(kernel, plan, taken, new Interruption(), new Silent()).run();
  }

  /** Nobody looks on. */
  private static final class Silent implements ProgressListener {

    @Override
    public void did(String text) {}
  }
}
