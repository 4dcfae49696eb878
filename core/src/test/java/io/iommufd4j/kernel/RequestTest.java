// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.vfio.vfio_h;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RequestTest {

  /** Both headers number their requests by {@code _IO(';', nr)}. */
  private static final int FIRST = ';' << 8;

  private static final int LAST = FIRST | 0xff;

  @Test
  void everyCommandOfIommufdIsListedUnderItsNameAndNumber() {
    assertEquals(bound(iommufd_h.class, "IOMMU_"), listed("IOMMU_"));
    assertEquals(22, listed("IOMMU_").size());
  }

  @Test
  void everyBoundRequestOfVfioIsListedUnderItsNameAndNumber() {
    // These names belong to the container's requests as well, so the prefix serves both.
    var bound = bound(vfio_h.class, "VFIO_");
    bound.keySet().removeAll(Set.of("VFIO_TYPE", "VFIO_BASE"));
    assertEquals(bound, listed("VFIO_"));
  }

  @Test
  void theKernelInsistsOnNoMoreThanTheWholeStruct() {
    for (Request request : Request.values()) {
      long whole = request.layout().map(layout -> layout.byteSize()).orElse(0L);
      assertTrue(request.minimumBytes() <= whole, request::name);
      assertEquals(request.layout().isPresent(), request.minimumBytes() > 0, request::name);
    }
  }

  @Test
  void everyCommandOfIommufdStartsWithItsSize() {
    for (Request request : EnumSet.allOf(Request.class)) {
      if (request.file() == FileKind.IOMMUFD) {
        var first = request.layout().orElseThrow().memberLayouts().getFirst();
        assertEquals(Optional.of("size"), first.name(), request::name);
      }
    }
  }

  @Test
  void everyRequestIsFoundByItsNumberAndFile() {
    for (Request request : Request.values()) {
      assertEquals(Optional.of(request), Request.find(request.number(), request.file()));
    }
  }

  @Test
  void aNumberThatDevicesAndContainersShareGoesByTheFile() {
    int shared = Request.VFIO_IOMMU_MAP_DMA.number();
    assertEquals(Request.VFIO_DEVICE_PCI_HOT_RESET.number(), shared);
    assertEquals(
        Optional.of(Request.VFIO_DEVICE_PCI_HOT_RESET), Request.find(shared, FileKind.VFIO_DEVICE));
    assertEquals(Optional.of(Request.VFIO_IOMMU_MAP_DMA), Request.find(shared, FileKind.IOMMUFD));
  }

  @Test
  void anUnknownNumberIsNotFound() {
    assertEquals(Optional.empty(), Request.find(FIRST, FileKind.IOMMUFD));
    assertEquals(
        Optional.empty(), Request.find(Request.IOMMU_DESTROY.number(), FileKind.VFIO_DEVICE));
  }

  private static Map<String, Integer> listed(String prefix) {
    return Arrays.stream(Request.values())
        .filter(request -> request.name().startsWith(prefix))
        .collect(Collectors.toMap(Request::name, Request::number, (a, _) -> a, TreeMap::new));
  }

  /** Constants whose value is a request number: no flag or enum reaches that range. */
  private static Map<String, Integer> bound(Class<?> header, String prefix) {
    var bound = new TreeMap<String, Integer>();
    for (Method method : header.getMethods()) {
      boolean constant = method.getReturnType() == int.class && method.getParameterCount() == 0;
      if (constant && method.getName().startsWith(prefix)) {
        int value = value(method);
        if (value >= FIRST && value <= LAST) {
          bound.put(method.getName(), value);
        }
      }
    }
    return bound;
  }

  private static int value(Method constant) {
    try {
      return (int) constant.invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(constant.toString(), e);
    }
  }
}
