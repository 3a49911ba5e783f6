import Glibc
import KnapsackCommands
import Revision

SignalHandler.install()
exit(await Knapsack.run(Array(CommandLine.arguments.dropFirst()), commit: Revision.commit))
