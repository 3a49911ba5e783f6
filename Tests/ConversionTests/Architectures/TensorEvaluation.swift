@testable import Conversion

/// The elements of a value, computed plainly: what every faster reader has to equal.
/// - Parameter source: all elements of a tensor of the checkpoint, row by row.
func evaluate(_ value: TensorValue, _ source: (Int) throws -> [Float]) rethrows -> [Float] {
    var result: [Float] = []
    switch value.content {
    case .numbers(let numbers): result = numbers
    case .views(let views):
        for view in views {
            if view.isZero {
                result += [Float](repeating: 0, count: view.count)
                continue
            }
            let elements = try source(view.tensor)
            let (length, step) = (view.shape.last ?? 1, view.strides.last ?? 0)
            var index = [Int](repeating: 0, count: max(view.shape.count - 1, 0))
            for _ in 0..<(length == 0 ? 0 : view.count / length) {
                let start = zip(index, view.strides).reduce(view.offset) { $0 + $1.0 * $1.1 }
                for place in 0..<length { result.append(elements[start + place * step]) }
                for axis in index.indices.reversed() {
                    index[axis] += 1
                    if index[axis] < view.shape[axis] { break }
                    index[axis] = 0
                }
            }
        }
    }
    for operation in value.operations {
        switch operation {
        case .add(let number): result = result.map { $0 + number }
        case .multiply(let number): result = result.map { $0 * number }
        case .exponential: result = result.map(Exponential.value)
        case .addView(let view): result = zip(result, try evaluate(TensorValue(view), source)).map { $0 + $1 }
        }
    }
    return result
}
