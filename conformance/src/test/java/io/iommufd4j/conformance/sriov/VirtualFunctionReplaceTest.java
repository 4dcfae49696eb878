// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static io.iommufd4j.kernel.Errno.EADDRINUSE;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Attach and replace of virtual functions: each is a group of its own. */
@Conformance
@OnSriovMachines
final class VirtualFunctionReplaceTest {

  /** Functions with two HWPTs for them. */
  private static final class Three {
    final Functions functions;
    final OpenIommufd iommufd;
    final BoundDevice physical;
    final BoundDevice first;
    final BoundDevice second;
    final int ioas;
    final int one;
    final int other;

    Three(KernelUnderTest test) {
      functions = Functions.open(test);
      iommufd = functions.iommufd();
      physical = functions.physical();
      first = functions.first();
      second = functions.second();
      ioas = physical.ioas();
      one = physical.hwpt(ioas);
      other = first.hwpt(ioas);
    }
  }

  @Test
  void replaceLeavesThePhysicalFunctionAlone(KernelUnderTest test) {
    var three = new Three(test);
    ok(three.physical.device().attach(three.one));
    ok(three.first.device().attach(three.one));
    ok(three.second.device().attach(three.one));
    assertEquals(three.other, ok(three.first.device().attach(three.other)));
    refused(EBUSY, three.iommufd.destroy(three.one));
    refused(EBUSY, three.iommufd.destroy(three.other));
    ok(three.physical.device().detach());
    refused(EBUSY, three.iommufd.destroy(three.one));
    ok(three.second.device().detach());
    ok(three.iommufd.destroy(three.one));
    ok(three.first.device().detach());
    ok(three.iommufd.destroy(three.other));
  }

  @Test
  void replaceOfThePhysicalFunctionLeavesThemAlone(KernelUnderTest test) {
    var three = new Three(test);
    ok(three.physical.device().attach(three.one));
    ok(three.first.device().attach(three.one));
    ok(three.physical.device().attach(three.other));
    refused(EBUSY, three.iommufd.destroy(three.one));
    ok(three.first.device().attach(three.other));
    ok(three.iommufd.destroy(three.one));
  }

  @Test
  void automaticHwptServesAll(KernelUnderTest test) {
    var three = new Three(test);
    int ioas = three.first.ioas();
    int hwpt = ok(three.physical.device().attach(ioas));
    assertEquals(hwpt, ok(three.first.device().attach(ioas)));
    assertEquals(hwpt, ok(three.second.device().attach(ioas)));
    BoundDevice edu = test.bound(three.iommufd, test.machine().lone().getFirst());
    assertEquals(hwpt, ok(edu.device().attach(ioas)));
  }

  @Test
  void reservedIovasAreItsOwnToo(KernelUnderTest test) {
    var three = new Three(test);
    int ioas = three.first.ioas();
    ok(three.iommufd.mapFixed(ioas, test.pages(1).address(), 4096, test.machine().reservedIova()));
    int before = ok(three.first.device().attach(three.ioas));
    refused(EADDRINUSE, three.first.device().attach(ioas));
    refused(EADDRINUSE, three.second.device().attach(ioas));
    assertEquals(before, ok(three.first.device().attach(three.ioas)));
  }

  @Test
  void groupsGoToDifferentIommufds(KernelUnderTest test) {
    var three = new Three(test);
    three.second.device().close();
    OpenIommufd elsewhere = test.iommufd();
    OpenDevice moved = test.device(three.functions.function().virtual(1));
    ok(moved.bind(elsewhere, TOKEN));
    ok(moved.attach(ok(elsewhere.ioasAlloc())));
    ok(three.first.device().attach(three.one));
  }

  private static int reset(BoundDevice bound) {
    return bound.device().ioctl(Request.VFIO_DEVICE_RESET.number(), MemorySegment.NULL);
  }

  @Test
  void resetKeepsTheTranslation(KernelUnderTest test) {
    var three = new Three(test);
    ok(three.physical.device().attach(three.one));
    ok(three.first.device().attach(three.other));
    refused(EINVAL, reset(three.physical));
    ok(reset(three.first));
    refused(EBUSY, three.iommufd.destroy(three.one));
    refused(EBUSY, three.iommufd.destroy(three.other));
    ok(three.first.device().attach(three.one));
    ok(three.iommufd.destroy(three.other));
  }
}
