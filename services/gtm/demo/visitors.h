#pragma once
// People who look at the demo company's web site without saying who they are.

#include "common/core/random.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {

// One account in four has somebody who comes under an anonymous id ("visitor-" and the number of
// the account) in the last weeks. One in five of these has filled in a form since, and is linked
// to a contact; who the others are is truth that no record tells. From a stream of its own.
void GenerateVisitor(const Context& context, const AccountFacts& account, int index,
                     Random& random);

}  // namespace gtm::demo
