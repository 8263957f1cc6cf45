package proof

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/perpdao/perpquorum/chains"
)

// Gas bounds the work. Views that read voting power take 20,000 to 700,000.
const (
	callGas  = 30_000_000 // of one call
	baseGas  = 2 * callGas
	extraGas = 300_000    // all calls together get this for each, and baseGas
	maxData  = 64 << 10   // bytes that a call may return
	istanbul = 1575764709 // time of the first block of Ethereum with the opcodes of Istanbul
)

// machine is an EVM in the environment of a block. It runs calls one by one and
// notices whatever makes a result doubtful.
type machine struct {
	id      chains.ID
	header  *types.Header
	newFork bool // the block is of a fork whose rules are not known here
	state   *partialState
	evm     *vm.EVM
	allowed [256]bool
	gas     uint64 // left for all calls
	guesses int    // how many reads of a call may go wrong before it is stopped

	// Of the running call:
	refused error // why its result counts for nothing
	gasRead bool  // the last opcode was GAS
	misses  int   // of the state, before it
}

func newMachine(id chains.ID, b chains.Block, s *partialState, calls int) *machine {
	h := b.Header
	m := &machine{id: id, header: h, newFork: len(b.NewFields) > 0, state: s, gas: baseGas + extraGas*uint64(calls)}
	context := vm.BlockContext{
		// Calls move no ether.
		CanTransfer: func(vm.StateDB, common.Address, *uint256.Int) bool { return false },
		Transfer:    func(vm.StateDB, common.Address, common.Address, *uint256.Int, *params.Rules) {},
		GetHash:     func(uint64) common.Hash { return h.ParentHash }, // no other is allowed
		BlockNumber: h.Number, Time: h.Time,
		// Never seen by a call that counts.
		Difficulty: new(big.Int), BaseFee: new(big.Int), BlobBaseFee: new(big.Int),
	}
	if afterMerge(h) {
		context.Random = new(common.Hash)
	}
	m.evm = vm.NewEVM(context, nil, rules(id, h), vm.Config{NoBaseFee: true, Tracer: &tracing.Hooks{
		OnEnter: m.onEnter, OnExit: m.onExit, OnOpcode: m.onOpcode,
	}})
	m.evm.SetPrecompiles(vm.PrecompiledContracts{}) // a call of one is refused
	m.allowed = allowedOpcodes(m.evm.GetRules())
	if chains.IsArbitrum(h) {
		m.allowed[vm.NUMBER], m.allowed[vm.BLOCKHASH] = false, false // they are of Ethereum there
	}
	return m
}

// afterMerge tells whether the rules of Shanghai can apply. Chains that never had
// proof of work may keep a difficulty.
func afterMerge(h *types.Header) bool { return h.Difficulty.Sign() == 0 || h.WithdrawalsHash != nil }

// rules finds the fork in the fields of the header, which the hash covers, so that
// no table of forks can be outdated or belong to another chain. What matters is
// which opcodes there are: no result that counts depends on gas. Before London the
// rules are those of Berlin, which has the opcodes of Istanbul. Osaka adds no field;
// its opcode and its precompiled contracts are refused.
func rules(id chains.ID, h *types.Header) *params.ChainConfig {
	start, from := new(big.Int), new(uint64)
	c := &params.ChainConfig{
		ChainID: new(big.Int).SetUint64(uint64(id)), HomesteadBlock: start,
		EIP150Block: start, EIP155Block: start, EIP158Block: start, ByzantiumBlock: start,
		ConstantinopleBlock: start, PetersburgBlock: start, IstanbulBlock: start, BerlinBlock: start,
	}
	if h.BaseFee == nil {
		return c
	}
	c.LondonBlock = start
	if h.WithdrawalsHash == nil {
		return c
	}
	c.ShanghaiTime = from
	if h.ParentBeaconRoot == nil {
		return c
	}
	c.CancunTime = from
	if h.RequestsHash != nil {
		c.PragueTime = from
	}
	return c
}

// allowedOpcodes are those whose effect follows from the state, the calldata
// and the fields of the header alone, on every chain.
func allowedOpcodes(r params.Rules) (allowed [256]bool) {
	allow := func(from, to vm.OpCode) {
		for op := int(from); op <= int(to); op++ {
			allowed[op] = true
		}
	}
	allow(vm.STOP, vm.SIGNEXTEND)
	allow(vm.LT, vm.SAR)
	allow(vm.KECCAK256, vm.KECCAK256)
	allow(vm.ADDRESS, vm.ADDRESS)
	allow(vm.CALLER, vm.CODECOPY) // with CALLVALUE and CALLDATA…
	allow(vm.EXTCODESIZE, vm.EXTCODESIZE)
	allow(vm.RETURNDATASIZE, vm.BLOCKHASH) // with EXTCODEHASH
	allow(vm.TIMESTAMP, vm.NUMBER)
	allow(vm.CHAINID, vm.CHAINID)
	allow(vm.POP, vm.SLOAD)
	allow(vm.JUMP, vm.JUMPDEST) // with PC, MSIZE and GAS
	allow(vm.PUSH1, vm.SWAP16)
	for _, op := range []vm.OpCode{vm.CALL, vm.RETURN, vm.DELEGATECALL, vm.STATICCALL, vm.REVERT, vm.INVALID} {
		allow(op, op)
	}
	allowed[vm.PUSH0] = r.IsShanghai
	allowed[vm.TLOAD], allowed[vm.MCOPY] = r.IsCancun, r.IsCancun
	return allowed
}

// refuse keeps the first reason why the call is not provable.
func (m *machine) refuse(format string, args ...any) {
	if m.refused == nil {
		m.refused = fmt.Errorf("%w: "+format, append([]any{ErrNotProvable}, args...)...)
	}
}

// onOpcode sees each opcode before it runs.
func (m *machine) onOpcode(_ uint64, code byte, _, _ uint64, scope tracing.OpContext, _ []byte, _ int, _ error) {
	op := vm.OpCode(code)
	if m.state.misses-m.misses > m.guesses {
		m.evm.Cancel()
	}
	if m.gasRead && op != vm.CALL && op != vm.STATICCALL && op != vm.DELEGATECALL {
		m.refuse("the contract uses GAS other than to make a call")
	}
	m.gasRead = op == vm.GAS
	switch {
	case !m.allowed[code]:
		m.refuse("the contract uses %v", op)
	case op == vm.BLOCKHASH && fromTop(scope, 0) != m.header.Number.Uint64()-1:
		m.refuse("the contract uses BLOCKHASH of another block than the one before")
	case op == vm.CALL && fromTop(scope, 2) != 0:
		m.refuse("the contract uses CALL with a value")
	}
}

// fromTop returns the n-th value from the top of the stack, or the largest number
// if it is not there or does not fit.
func fromTop(scope tracing.OpContext, n int) uint64 {
	stack := scope.StackData()
	if len(stack) <= n || !stack[len(stack)-1-n].IsUint64() {
		return math.MaxUint64
	}
	return stack[len(stack)-1-n].Uint64()
}

// onEnter sees each call. What has no code may be precompiled on some chain.
func (m *machine) onEnter(depth int, _ byte, _, to common.Address, _ []byte, _ uint64, _ *big.Int) {
	switch {
	case isReserved(to):
		m.refuse("the contract calls %v, which may be precompiled", to)
	case depth > 0 && m.evm.StateDB.GetCodeSize(to) == 0:
		m.refuse("the contract calls %v, which has no code", to)
	}
}

// onExit sees how each call ended. Nodes differ in how much gas they give, and
// forks in what it buys.
func (m *machine) onExit(_ int, _ []byte, _ uint64, err error, _ bool) {
	if errors.Is(err, vm.ErrOutOfGas) || errors.Is(err, vm.ErrGasUintOverflow) || errors.Is(err, vm.ErrDepth) {
		m.refuse("the contract runs out of gas or call depth")
	}
}

// isReserved tells whether some chain may have a precompiled contract at a, from
// 0x1 to 0x1ff.
func isReserved(a common.Address) bool {
	n := a.Big()
	return n.Sign() > 0 && n.Cmp(big.NewInt(0x1ff)) <= 0
}

// run runs one call. The result counts only if the state has no fault afterwards.
func (m *machine) run(call chains.Call) ([]byte, error) {
	m.refused, m.gasRead, m.misses = nil, false, m.state.misses
	if isNativeBalance(call) {
		return m.nativeBalance(call.To)
	}
	st, err := state.NewWithReader(m.header.Root, readOnly{}, m.state)
	if err != nil {
		return nil, err
	}
	if st.GetCodeSize(call.To) == 0 && !isReserved(call.To) {
		return nil, fmt.Errorf("%w at %v", chains.ErrNoContract, call.To)
	}
	if m.header.BaseFee == nil && m.header.Time < istanbul {
		return nil, fmt.Errorf("%w: the block is older than the Istanbul rules of December 2019", ErrNotProvable)
	}
	if m.newFork {
		return nil, fmt.Errorf("%w: the block is of a fork newer than this program", ErrNotProvable)
	}
	m.evm.SetStateDB(st)
	m.evm.SetTxContext(vm.TxContext{GasPrice: new(uint256.Int)})
	budget := vm.NewGasBudget(min(callGas, m.gas), 0)
	data, left, err := m.evm.StaticCall(common.Address{}, call.To, call.Data, budget)
	m.gas -= left.Used(budget)
	m.state.fault = cmp.Or(m.state.fault, st.Error()) // they differ only if go-ethereum reads in a new way
	switch {
	case m.refused != nil:
		return nil, m.refused
	case err != nil:
		return nil, fmt.Errorf("%w: %w", chains.ErrReverted, err)
	case len(data) == 0:
		return nil, errEmpty
	case len(data) > maxData:
		return nil, fmt.Errorf("%w: it returns %d bytes, want at most %d", ErrNotProvable, len(data), maxData)
	}
	return data, nil
}
