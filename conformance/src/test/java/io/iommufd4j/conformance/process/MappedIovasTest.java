// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iommufd4j.DmaBuffer;
import io.iommufd4j.Ioas;
import io.iommufd4j.Iommufd;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.process.IommufdContent;
import io.iommufd4j.process.IommufdProbe;
import io.iommufd4j.process.MappedIovas;
import io.iommufd4j.uapi.Access;
import io.iommufd4j.uapi.IovaRange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The mappings of an IOAS are found, to the page, and finding them changes nothing. */
@Conformance
final class MappedIovasTest {

  private static final long PAGE = UserPages.PAGE;
  private static final long FAR = 0x1_0000_0000L;

  private static IovaRange pages(long first, long count) {
    return new IovaRange(first, first + count * PAGE - 1);
  }

  @Test
  void rangesAreFoundByTheirEdges(KernelUnderTest test) {
    try (var iommufd = Iommufd.open(test.kernel());
        var buffer = DmaBuffer.allocate(test.kernel(), 1280 * PAGE)) {
      Ioas ioas = iommufd.newIoas();
      var memory = buffer.segment();
      // Neighbours make one range; a page in between makes two.
      ioas.map(memory.asSlice(0, PAGE), 0, Access.READ);
      ioas.map(memory.asSlice(PAGE, 2 * PAGE), PAGE, Access.READ_WRITE);
      ioas.map(memory.asSlice(4 * PAGE, PAGE), 4 * PAGE, Access.READ_WRITE);
      ioas.map(memory, 0x3ff_f000, Access.READ_WRITE);
      ioas.map(memory, FAR, Access.READ_WRITE);
      IommufdContent content = IommufdProbe.look(iommufd);
      IommufdContent.Ioas found = content.ioases().getFirst();
      var all = List.of(pages(0, 3), pages(4 * PAGE, 1), pages(0x3ff_f000, 1280), pages(FAR, 1280));

      // Without such an end it would go on to the last IOVA.
      assertEquals(all, MappedIovas.of(iommufd, found, PAGE, 2564 * PAGE));
      assertEquals(all.subList(0, 2), MappedIovas.of(iommufd, found, PAGE, 4 * PAGE));
      assertEquals(content, IommufdProbe.look(iommufd));
    }
  }
}
