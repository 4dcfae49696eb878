package io.iommufd4j.uapi;

/**
 * The id of a hardware page table (HWPT), whether allocated by name or made by the kernel for an
 * attach.
 *
 * @param value the kernel's number, from 1 to 2³¹ − 1
 */
public record HwptId(int value) implements PageTableId {

  @Override
  public String toString() {
    return "HWPT " + value;
  }
}
