extension HarmlessGlobals {
    /// Of Python's standard library, with the names that its modules had in Python 2 and have in Python 3.
    static let python: [Family] =
        builtins("builtins") + builtins("__builtin__") + [
            Family(
                "collections", "OrderedDict defaultdict Counter deque", "a container of the standard library"),
            Family("copyreg", "_reconstructor __newobj__ __newobj_ex__", reconstructor),
            Family("copy_reg", "_reconstructor __newobj__ __newobj_ex__", reconstructor),
            Family("_codecs", "encode", "makes bytes of a text, as pickles of protocol 2 write bytes"),
            Family("datetime", "date datetime time timedelta timezone", "a date or time"),
            Family("decimal", "Decimal", "a number"),
            Family("fractions", "Fraction", "a number"),
            Family("uuid", "UUID SafeUUID", "a number"),
            Family("types", "SimpleNamespace", "holds attributes"),
            Family(
                "argparse", "Namespace", "holds attributes, as scripts of training put them into checkpoints"),
            Family(
                "pathlib", "PosixPath PurePosixPath WindowsPath PureWindowsPath Path PurePath",
                "a path, which nothing opens"),
            Family(
                "pathlib._local", "PosixPath PurePosixPath WindowsPath PureWindowsPath Path PurePath",
                "a path, which nothing opens"),
        ]

    private static let reconstructor =
        "makes an object of a class that is named beside it, without its __init__"

    private static func builtins(_ module: String) -> [Family] {
        [
            Family(
                module,
                "set frozenset bytearray complex int float bool list tuple dict bytes slice range object",
                "a built-in type of data")
        ]
            + (module == "__builtin__"
                ? [Family(module, "long xrange", "a built-in type of data, by Python 2's name")] : [])
    }

    /// Of NumPy, by the module names of versions 1 (`numpy.core`) and 2 (`numpy._core`).
    static let numpy: [Family] =
        ["numpy.core", "numpy._core"].flatMap { core in
            [
                Family(
                    "\(core).multiarray", "_reconstruct scalar",
                    "makes an array or a number, whose bytes the pickle has"),
                Family("\(core).numeric", "_frombuffer", "makes an array of bytes that the pickle has"),
                Family("\(core).records", "recarray record", "an array of records"),
            ]
        } + [
            Family(
                "numpy",
                """
                ndarray dtype generic number bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc intp
                uintc uintp longlong ulonglong float16 float32 float64 float_ longdouble float128 complex64 complex128
                clongdouble complex256 object_ str_ bytes_ void datetime64 timedelta64 matrix recarray record
                """, "an array, or a type of its elements"),
            Family(
                "numpy.dtypes",
                """
                BoolDType Int8DType Int16DType Int32DType Int64DType UInt8DType UInt16DType UInt32DType UInt64DType
                Float16DType Float32DType Float64DType LongDoubleDType Complex64DType Complex128DType ObjectDType
                StrDType BytesDType VoidDType DateTime64DType TimeDelta64DType StringDType
                """, "a type of elements"),
            Family("numpy.matrixlib.defmatrix", "matrix", "an array of two dimensions"),
            Family("numpy.matrix", "matrix", "an array of two dimensions"),
            Family("numpy.rec", "recarray record", "an array of records"),
            Family("numpy.ma.core", "_mareconstruct MaskedArray MaskedConstant", "an array with a mask"),
            Family("numpy.ma", "MaskedArray", "an array with a mask"),
            Family(
                "numpy.random._pickle",
                "__randomstate_ctor __generator_ctor __bit_generator_ctor",
                "a generator of random numbers, chosen by name out of NumPy's own"),
            Family("numpy.random._mt19937", "MT19937", "a generator of random numbers"),
            Family("numpy.random._pcg64", "PCG64 PCG64DXSM", "a generator of random numbers"),
            Family("numpy.random._philox", "Philox", "a generator of random numbers"),
            Family("numpy.random._sfc64", "SFC64", "a generator of random numbers"),
            Family("numpy.random.mtrand", "RandomState", "a generator of random numbers"),
            Family("numpy.random._generator", "Generator", "a generator of random numbers"),
            Family(
                "numpy.random.bit_generator", "SeedSequence __pyx_unpickle_SeedSequence",
                "the seed of random numbers"),
        ]

    /// Of PyTorch: what its checkpoints rebuild tensors with, storages, types of elements and constants.
    static let torch: [Family] = [
        Family(
            "torch._utils",
            """
            _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter
            _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_sparse_csr_tensor
            _rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_device_tensor_from_numpy
            _rebuild_device_tensor_from_cpu_tensor
            """, "makes a tensor of a storage, a shape and strides"),
        Family(
            "torch._tensor", "_rebuild_from_type_v2",
            "makes a tensor of a subclass, with a function that is named beside it"),
        Family("torch.nn.parameter", "Parameter Buffer", "a tensor that is trained"),
        Family("torch.serialization", "_get_layout", "one of PyTorch's layouts, by its name"),
        Family(
            "torch",
            """
            DoubleStorage FloatStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage
            ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage
            QInt32Storage
            """, "a storage of numbers"),
        Family("torch.storage", "UntypedStorage TypedStorage", "a storage of numbers"),
        Family(
            "torch",
            """
            float float16 float32 float64 half double bfloat16 uint8 uint16 uint32 uint64 int8 int16 int32 int64 int
            short long bool complex32 complex64 complex128 cfloat cdouble float8_e4m3fn float8_e5m2
            float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 quint8 qint8 qint32 quint4x2
            quint2x4 bits8 bits16
            """, "a type of elements"),
        Family(
            "torch",
            """
            strided sparse_coo per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric
            per_channel_affine_float_qparams contiguous_format preserve_format channels_last
            """, "one of PyTorch's constants"),
        Family("torch", "Size device Tensor", "a shape, a device's name, a tensor"),
    ]

    /// Of joblib, SciPy's sparse matrices and PyTorch Lightning.
    static let others: [Family] = [
        Family(
            "joblib.numpy_pickle", "NumpyArrayWrapper",
            "states which array the bytes are that follow in the file"),
        Family(
            "sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper",
            "states which array the bytes are that follow in the file"),
        Family("scipy.sparse._csr", "csr_matrix csr_array", "a matrix of NumPy arrays"),
        Family("scipy.sparse._csc", "csc_matrix csc_array", "a matrix of NumPy arrays"),
        Family("scipy.sparse._coo", "coo_matrix coo_array", "a matrix of NumPy arrays"),
        Family("scipy.sparse.csr", "csr_matrix", "a matrix of NumPy arrays"),
        Family("scipy.sparse.csc", "csc_matrix", "a matrix of NumPy arrays"),
        Family("scipy.sparse.coo", "coo_matrix", "a matrix of NumPy arrays"),
        Family(
            "pytorch_lightning.utilities.parsing", "AttributeDict",
            "a dictionary of the settings of a training"),
        Family(
            "lightning_fabric.utilities.data", "AttributeDict", "a dictionary of the settings of a training"),
        Family(
            "lightning.fabric.utilities.data", "AttributeDict", "a dictionary of the settings of a training"),
        Family(
            "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint",
            "named as the key of what a callback noted, and never called"),
        Family(
            "pytorch_lightning.callbacks.early_stopping", "EarlyStopping",
            "named as the key of what a callback noted, and never called"),
    ]
}
