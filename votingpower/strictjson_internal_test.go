package votingpower

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A number in the place of a type that is no number keeps the words of the JSON library.
func TestExplainNumberForAnotherType(t *testing.T) {
	t.Parallel()
	err := explain(&json.SemanticError{JSONKind: jsontext.KindNumber, JSONValue: jsontext.Value("7"),
		GoType: reflect.TypeFor[common.Hash](), Err: errors.New("not a hash")})
	if err == nil || !strings.Contains(err.Error(), "not a hash") {
		t.Errorf("found %v, want an error that says: not a hash", err)
	}
	err = explain(&json.SemanticError{JSONKind: jsontext.KindNumber, JSONValue: jsontext.Value("300"),
		GoType: reflect.TypeFor[uint8]()})
	if want := "found 300, want a whole number from 0 to 255"; err == nil || err.Error() != want {
		t.Errorf("found %v, want %s", err, want)
	}
}
