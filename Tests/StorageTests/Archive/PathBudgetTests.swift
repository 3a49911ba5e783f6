import Formats
import Testing

@testable import Storage

@Suite struct PathBudgetTests {
    @Test func holdsHalfAMillionFilesAndNotMore() {
        var budget = PathBudget()
        let path: RelativePath = "models/name/part-00001-of-00002"
        var count = 0
        while budget.take(path) { count += 1 }
        #expect(count == (1 << 26) / (path.utf8.count + 96))
        let takesMore = budget.take("a")
        #expect(!takesMore)
    }

    @Test func refusesPathsThatLinuxCannotOpen() {
        let longest = String(repeating: "n", count: 4095)
        #expect((try? PathBudget.checked(longest))?.text == longest)
        for path in [String(repeating: "ü", count: 2048), "../x"] {
            #expect(throws: PathBudget.Refusal.self) { try PathBudget.checked(path) }
        }
    }
}
