/** What the kernel answers and leaves behind when one of its own allocations fails. */
@NullMarked
package io.iommufd4j.conformance.faults;

import org.jspecify.annotations.NullMarked;
