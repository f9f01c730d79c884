(** * Tensors, and expressions of their entries

    The vocabulary of [Network]: shapes and indices, tensors, and expressions that are evaluated over any type of
    numbers ([value]). Evaluation gives [None] wherever an index lies outside of a tensor. *)
From Coq Require Import Bool List ZArith FMapPositive.
Import ListNotations.
Open Scope bool_scope.
Open Scope Z_scope.

Module Map := FMapPositive.PositiveMap.

(** ** Lists of optional values *)

Definition bind {A B} (a : option A) (f : A -> option B) : option B := match a with Some a => f a | None => None end.
Notation "'let?' x ':=' a 'in' b" := (bind a (fun x => b)) (at level 200, x pattern, right associativity).

Fixpoint collect {A} (l : list (option A)) : option (list A) :=
  match l with
  | [] => Some []
  | a :: l => let? a := a in let? l := collect l in Some (a :: l)
  end.

Definition guard {A} (test : bool) (a : option A) : option A := if test then a else None.

(** ** Shapes and indices: channel first, row-major *)

Definition shape := list Z.
Definition index := list Z.

Definition range (n : Z) : list Z := map Z.of_nat (seq 0 (Z.to_nat n)).
Definition inside (n i : Z) : bool := (0 <=? i) && (i <? n).
Definition elements (s : shape) : Z := fold_right Z.mul 1 s.
Definition same (s t : list Z) : bool := if list_eq_dec Z.eq_dec s t then true else false.

(** All indices of a box, the last axis fastest. *)
Fixpoint indices (s : shape) : list index :=
  match s with
  | [] => [[]]
  | n :: s => let rest := indices s in flat_map (fun i => map (cons i) rest) (range n)
  end.

(** The position of an index in row-major order, if it is inside. *)
Fixpoint flat_from (start : Z) (s : shape) (i : index) : option Z :=
  match s, i with
  | [], [] => Some start
  | n :: s, k :: i => if inside n k then flat_from (start * n + k) s i else None
  | _, _ => None
  end.
Definition flat : shape -> index -> option Z := flat_from 0.

(** The index at a position. *)
Fixpoint unflat (s : shape) (k : Z) : index :=
  match s with
  | [] => []
  | _ :: s => k / elements s :: unflat s (k mod elements s)
  end.

Record tensor (A : Type) := Tensor { dims : shape; entries : list A }.
Arguments Tensor {A}. Arguments dims {A}. Arguments entries {A}.

(** Whether a tensor has as many entries as its shape says, and no axis is empty. *)
Definition well_formed {A} (t : tensor A) : bool :=
  forallb (fun n => 0 <? n) (dims t) && (Z.of_nat (length (entries t)) =? elements (dims t)).

(** Entries with access by position. *)
Fixpoint array_from {A} (p : positive) (l : list A) : Map.t A :=
  match l with
  | [] => Map.empty A
  | a :: l => Map.add p a (array_from (Pos.succ p) l)
  end.
Definition array {A} : list A -> Map.t A := array_from 1.
Definition get {A} (m : Map.t A) (k : Z) : option A := if 0 <=? k then Map.find (Z.to_pos (k + 1)) m else None.
Definition at_index {A} (s : shape) (m : Map.t A) (i : index) : option A := let? k := flat s i in get m k.

(** ** Expressions of a layer's operands *)

(** An entry of an operand. *)
Definition entry : Type := nat * index.

Inductive expression (W : Type) :=
| Sum (constant : W) (terms : list (W * entry)) (divisor : positive)  (** (constant + Σ weight · entry) / divisor *)
| Combine (constant : W) (w : W) (a : expression W) (v : W) (b : expression W) (divisor : positive)
    (** (constant + w·a + v·b) / divisor *)
| Max (a b : expression W)
| Min (a b : expression W)
| Times (a b : expression W).
Arguments Sum {W}. Arguments Combine {W}. Arguments Max {W}. Arguments Min {W}. Arguments Times {W}.

(** What an evaluation needs of its numbers [A]; weights are of type [W]. Operations that a type of numbers
    cannot do give [None]. *)
Record numbers (W A : Type) := Numbers {
  sum : W -> list (W * A) -> positive -> A;  (** (constant + Σ weight · a) / divisor *)
  max : A -> A -> option A;
  min : A -> A -> option A;
  times : A -> A -> option A }.
Arguments sum {W A}. Arguments max {W A}. Arguments min {W A}. Arguments times {W A}.

Section Evaluation.
Context {W A : Type} (N : numbers W A) (read : entry -> option A).

Definition read_terms (terms : list (W * entry)) : option (list (W * A)) :=
  collect (map (fun t => let? a := read (snd t) in Some (fst t, a)) terms).

Fixpoint value (e : expression W) : option A :=
  match e with
  | Sum c terms d => let? l := read_terms terms in Some (sum N c l d)
  | Combine c w a v b d => let? a := value a in let? b := value b in Some (sum N c [(w, a); (v, b)] d)
  | Max a b => let? a := value a in let? b := value b in max N a b
  | Min a b => let? a := value a in let? b := value b in min N a b
  | Times a b => let? a := value a in let? b := value b in times N a b
  end.
End Evaluation.
