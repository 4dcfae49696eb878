// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.process;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.OtherProgram;
import io.iommufd4j.conformance.ProcessStatus;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.StringJoiner;

/** Another program that does as a VMM does: one IOAS, one HWPT, and a device attached to it. */
final class Vmm {

  static final long BYTES = 16 * 4096;
  static final long IOVA = 0x100_0000;

  private final KernelUnderTest test;
  private final OtherProgram program;
  final int iommufd;
  final int device;
  final int deviceId;
  final int ioas;

  private Vmm(KernelUnderTest test, PciAddress address) {
    this.test = test;
    program = test.program();
    iommufd = ok(program.open("/dev/iommu"));
    device = ok(program.open(Host.of(test.kernel()).device(address).cdevPath().orElseThrow()));
    deviceId =
        (int)
            ask(device, block(Request.VFIO_DEVICE_BIND_IOMMUFD).set("iommufd", iommufd))
                .get("out_devid");
    ioas = (int) ask(iommufd, block(Request.IOMMU_IOAS_ALLOC)).get("out_ioas_id");
  }

  /** Attached to a HWPT that it allocated. */
  static Vmm withHwpt(KernelUnderTest test, PciAddress address) {
    var vmm = new Vmm(test, address);
    vmm.attach(vmm.newHwpt());
    vmm.map();
    return vmm;
  }

  /** Attached by its IOAS' id. */
  static Vmm automatic(KernelUnderTest test, PciAddress address) {
    var vmm = new Vmm(test, address);
    vmm.attach(vmm.ioas);
    vmm.map();
    return vmm;
  }

  long pid() {
    return program.pid();
  }

  /** It ends, with all that it has. */
  void exit() {
    program.close();
  }

  int newHwpt() {
    var block = block(Request.IOMMU_HWPT_ALLOC).set("dev_id", deviceId).set("pt_id", ioas);
    return (int) ask(iommufd, block).get("out_hwpt_id");
  }

  int newIoas() {
    return (int) ask(iommufd, block(Request.IOMMU_IOAS_ALLOC)).get("out_ioas_id");
  }

  int destroy(int id) {
    return request(iommufd, block(Request.IOMMU_DESTROY).set("id", id));
  }

  /** The HWPT that translates. */
  int attach(int table) {
    var block = block(Request.VFIO_DEVICE_ATTACH_IOMMUFD_PT).set("pt_id", table);
    return (int) ask(device, block).get("pt_id");
  }

  private void map() {
    ask(
        iommufd,
        block(Request.IOMMU_IOAS_MAP_FILE)
            .set("flags", iommufd_h.IOMMU_IOAS_MAP_FIXED_IOVA() | OpenIommufd.READ_WRITE)
            .set("ioas_id", ioas)
            .set("fd", ok(program.memory(BYTES)))
            .set("length", BYTES)
            .set("iova", IOVA));
  }

  /**
   * All that it can learn of its own objects: the answers to its requests with every byte written
   * back, the memory it has pinned, and the id that its next object would get.
   */
  String view() {
    var view = new StringJoiner("\n");
    for (int id = 0; id < 16; id++) {
      view.add(shown(block(Request.IOMMU_IOAS_IOVA_RANGES).set("ioas_id", id)));
      view.add(shown(block(Request.IOMMU_GET_HW_INFO).set("dev_id", id)));
      view.add(shown(block(Request.IOMMU_HWPT_GET_DIRTY_BITMAP).set("hwpt_id", id)));
      view.add(shown(block(Request.IOMMU_HWPT_INVALIDATE).set("hwpt_id", id)));
    }
    view.add("VmPin " + ProcessStatus.of(test, Long.toString(pid())).pinnedBytes());
    int next = newIoas();
    ok(destroy(next));
    return view.add("next id " + next).toString();
  }

  private String shown(RequestBlock block) {
    int answer = request(iommufd, block);
    byte[] bytes = block.memory().toArray(ValueLayout.JAVA_BYTE);
    return block.request() + " " + answer + " " + HexFormat.of().formatHex(bytes);
  }

  private RequestBlock block(Request request) {
    return RequestBlock.of(request, test.arena());
  }

  private RequestBlock ask(int file, RequestBlock block) {
    ok(request(file, block));
    return block;
  }

  private int request(int file, RequestBlock block) {
    Needs.request(test.kernel(), block.request());
    MemorySegment memory = block.memory();
    byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
    int answer = program.ioctl(file, block.request().number(), bytes);
    memory.copyFrom(MemorySegment.ofArray(bytes));
    return answer;
  }
}
