/** The house's own rules, held by the build: who may import whom, who may link, who may not. */
@NullMarked
package io.iommufd4j.architecture;

import org.jspecify.annotations.NullMarked;
