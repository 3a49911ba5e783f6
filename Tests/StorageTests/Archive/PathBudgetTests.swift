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
}
