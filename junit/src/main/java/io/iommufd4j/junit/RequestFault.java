// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.junit;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * One request of the test fails, without reaching the kernel. The test fails when it makes fewer
 * such requests.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Repeatable(RequestFault.List.class)
public @interface RequestFault {

  /** {@return the request, as {@code IOMMU_IOAS_MAP}} */
  Request request();

  /** {@return the number of the request among those of its kind, from 1} */
  int nth() default 1;

  /** {@return the errno that it answers} */
  Errno errno();

  /** Several of them. */
  @Documented
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface List {

    /** {@return each fault} */
    RequestFault[] value();
  }
}
