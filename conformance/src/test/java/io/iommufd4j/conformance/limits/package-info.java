/** How much memory a process may pin, and where the account is shown. */
@NullMarked
package io.iommufd4j.conformance.limits;

import org.jspecify.annotations.NullMarked;
