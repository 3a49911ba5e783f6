// libyaml, whose scanner and parser PyYAML's are too.
#include <yaml.h>
