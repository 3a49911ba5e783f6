import Glibc
import KnapsackCommands
import Revision

SignalHandler.install()
// Not awaited here: the main thread of a program that waits at its top level is ended by pthread_exit(3), for which glibc
// loads libgcc_s.so.1. A container that holds nothing but the program and the C library has none.
Task.detached {
    exit(await Knapsack.run(Array(CommandLine.arguments.dropFirst()), commit: Revision.commit))
}
while true { pause() }
