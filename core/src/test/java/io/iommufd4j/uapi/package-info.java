/** Value types of the UAPI. */
@NullMarked
package io.iommufd4j.uapi;

import org.jspecify.annotations.NullMarked;
