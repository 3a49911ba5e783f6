import Glibc
import KnapsackCommands

Interruption.install()
exit(await Knapsack.run(Array(CommandLine.arguments.dropFirst())))
