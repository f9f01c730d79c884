(** * Affine maps: what they are, what they do, and how a witness refutes them *)
From Coq Require Import Bool List ZArith QArith Qcanon Lia.
From Netprove Require Import Network Relate Rows Kinks Domains Check.
Import ListNotations.
Open Scope Z_scope.
Open Scope Qc_scope.

(** ** Vectors *)

Fixpoint dot (m x : list Qc) : Qc :=
  match m, x with
  | a :: m, b :: x => a * b + dot m x
  | _, _ => 0
  end.

(** p + c = a + b, entry by entry. *)
Fixpoint parallelogram (p a b c : list Qc) : Prop :=
  match p, a, b, c with
  | [], [], [], [] => True
  | p :: ps, a :: as_, b :: bs, c :: cs => c + p = a + b /\ parallelogram ps as_ bs cs
  | _, _, _, _ => False
  end.

Lemma dot_parallelogram m : forall p a b c, parallelogram p a b c -> dot m c + dot m p = dot m a + dot m b.
Proof.
  induction m as [|v m IH]; intros [|p ps] [|a as_] [|b bs] [|c cs] H; simpl in *; try contradiction; try reflexivity.
  destruct H as [E H]. apply IH in H.
  replace (v * c + dot m cs + (v * p + dot m ps)) with (v * (c + p) + (dot m cs + dot m ps)) by ring.
  rewrite E, H. ring.
Qed.

(** Affine maps, as a row (constant, coefficients) for each output. *)
Definition affine_map (rows : list (Qc * list Qc)) (x : list Qc) : list Qc := map (fun r => fst r + dot (snd r) x) rows.

(** ** Affine maps compose *)

Fixpoint combination (weights : list Qc) (rows : list (Qc * list Qc)) (n : nat) : Qc * list Qc :=
  match weights, rows with
  | w :: weights, r :: rows =>
      let rest := combination weights rows n in
      (w * fst r + fst rest, map (fun p => w * fst p + snd p) (combine (snd r) (snd rest)))
  | _, _ => (0, repeat 0 n)
  end.

Lemma dot_zeros n x : dot (repeat 0 n) x = 0.
Proof. revert x; induction n; intros [|a x]; simpl; try reflexivity. rewrite IHn. ring. Qed.

Lemma dot_combined w : forall r s x, length r = length s ->
  dot (map (fun p => w * fst p + snd p) (combine r s)) x = w * dot r x + dot s x.
Proof.
  induction r as [|a r IH]; intros [|b s] [|c x] E; simpl in *; try discriminate; try ring.
  rewrite IH by lia. ring.
Qed.

Lemma combination_length weights : forall rows n, Forall (fun r => length (snd r) = n) rows ->
  length (snd (combination weights rows n)) = n.
Proof.
  induction weights as [|w ws IH]; intros [|r rows] n H; simpl; try apply repeat_length.
  inversion H; subst. rewrite map_length, combine_length, IH by assumption. lia.
Qed.

Lemma combination_correct weights : forall rows n x, Forall (fun r => length (snd r) = n) rows ->
  fst (combination weights rows n) + dot (snd (combination weights rows n)) x = dot weights (affine_map rows x).
Proof.
  induction weights as [|w ws IH]; intros [|r rows] n x H; simpl; try (rewrite dot_zeros; ring).
  inversion H; subst. rewrite dot_combined by (rewrite combination_length; auto).
  fold (affine_map rows x). rewrite <- (IH rows (length (snd r)) x) by assumption. ring.
Qed.

(** The composition of two affine maps is the affine map of the product of their matrices. *)
Theorem affine_compose (outer inner : list (Qc * list Qc)) n : Forall (fun r => length (snd r) = n) inner ->
  exists rows, forall x, affine_map outer (affine_map inner x) = affine_map rows x.
Proof.
  intros H. exists (map (fun r => let c := combination (snd r) inner n in (fst r + fst c, snd c)) outer).
  intros x. unfold affine_map at 1 3. rewrite map_map. apply map_ext. intros r. simpl.
  rewrite <- (combination_correct (snd r) inner n x H). ring.
Qed.

Section Affine.
Context (R : ring).
Notation W := (weight R).
Notation network := (network W).
Notation f_at f xs := (run (number R) (exact R) f xs).

(** ** Affine networks *)

Definition is_affine (f : network) : Prop := exists s rows, forall xs, fits R f xs ->
  f_at f xs = Some (Tensor s (affine_map rows (entries_of xs))).

Definition is_linear (f : network) : Prop := exists s rows, forall xs, fits R f xs ->
  f_at f xs = Some (Tensor s (map (fun r => dot r (entries_of xs)) rows)).

(** ** Linear networks are additive and homogeneous *)

Definition added (xs ys zs : list (tensor Qc)) : Prop :=
  Forall2 (fun x_y z => z = fst x_y + snd x_y) (combine (entries_of xs) (entries_of ys)) (entries_of zs)
  /\ length (entries_of xs) = length (entries_of ys).

Lemma dot_add m : forall x y z, length x = length y -> Forall2 (fun x_y z => z = fst x_y + snd x_y) (combine x y) z ->
  dot m z = dot m x + dot m y.
Proof.
  induction m as [|v m IH]; intros [|a x] [|b y] z E H; simpl in *; try discriminate; inversion H; subst; simpl; try ring.
  rewrite (IH x y l') by (auto || lia). ring.
Qed.

Lemma dot_scale m c : forall x, dot m (map (Qcmult c) x) = c * dot m x.
Proof. induction m as [|v m IH]; intros [|a x]; simpl; try ring. rewrite IH. ring. Qed.

Theorem linear_additive f : is_linear f -> forall xs ys zs, fits R f xs -> fits R f ys -> fits R f zs -> added xs ys zs ->
  exists s u v w, f_at f xs = Some (Tensor s u) /\ f_at f ys = Some (Tensor s v) /\ f_at f zs = Some (Tensor s w)
                  /\ w = map (fun p => fst p + snd p) (combine u v).
Proof.
  intros (s & rows & H) xs ys zs X Y Z [A L]. rewrite (H xs X), (H ys Y), (H zs Z).
  repeat eexists. clear - A L. induction rows as [|r rows IH]; simpl; [reflexivity|].
  f_equal; [apply dot_add; assumption | exact IH].
Qed.

Theorem linear_homogeneous f : is_linear f -> forall c xs zs, fits R f xs -> fits R f zs ->
  entries_of zs = map (Qcmult c) (entries_of xs) ->
  exists s u, f_at f xs = Some (Tensor s u) /\ f_at f zs = Some (Tensor s (map (Qcmult c) u)).
Proof.
  intros (s & rows & H) c xs zs X Z E. rewrite (H xs X), (H zs Z), E.
  do 2 eexists; split; [reflexivity|]. do 2 f_equal. rewrite map_map. apply map_ext. intros. apply dot_scale.
Qed.

Theorem linear_is_affine f : is_linear f -> is_affine f.
Proof.
  intros (s & rows & H). exists s, (map (fun r => (0, r)) rows). intros xs X. rewrite (H xs X).
  do 2 f_equal. unfold affine_map. rewrite map_map. apply map_ext. intros; simpl. ring.
Qed.

(** An affine network that maps 0 to 0 is linear. *)
Theorem affine_zero f zeros : is_affine f -> fits R f zeros -> Forall (eq 0) (entries_of zeros) ->
  (exists s y, f_at f zeros = Some (Tensor s y) /\ Forall (eq 0) y) -> is_linear f.
Proof.
  intros (s & rows & H) F Z (s' & y & E & Y). exists s, (map snd rows). intros xs X. rewrite (H xs X).
  rewrite (H zeros F) in E. injection E as <- <-. do 2 f_equal. clear - Y Z.
  assert (D : forall m, dot m (entries_of zeros) = 0).
  { clear Y. induction Z as [|q l <- Z IH]; intros [|a m]; simpl; try reflexivity. rewrite IH. ring. }
  induction rows as [|r rows IH]; simpl in *; [reflexivity|]. inversion Y as [|q l E Y' Q]; subst.
  rewrite D in E. f_equal; [|apply IH, Y']. replace (fst r) with 0 by (rewrite E; ring). ring.
Qed.

(** ** What the rows find is affine *)

(** The input that is 1 at one position and 0 elsewhere. *)
Definition basis (k : nat) (p : positive) : Qc := if Nat.eqb (pred (Pos.to_nat p)) k then 1 else 0.

Definition coefficients (n : nat) (t : trie W) : list Qc := map (fun k => at_inputs R (basis k) t) (seq 0 n).

Lemma at_inputs_ext t : forall x y, (forall p, x p = y p) -> at_inputs R x t = at_inputs R y t.
Proof. induction t; intros x y H; simpl; [reflexivity|]. rewrite H. f_equal; [f_equal|]; auto. Qed.

Lemma at_inputs_linear t : forall x y c, at_inputs R (fun p => x p + c * y p) t = at_inputs R x t + c * at_inputs R y t.
Proof.
  induction t; intros x y c; simpl; [ring|].
  rewrite (IHt1 (fun p => x (xO p)) (fun p => y (xO p))), (IHt2 (fun p => x (xI p)) (fun p => y (xI p))). ring.
Qed.

Lemma at_inputs_zero t : at_inputs R (fun _ => 0) t = 0.
Proof. induction t; simpl; [reflexivity|]. rewrite IHt1, IHt2. ring. Qed.

Lemma dot_app m : forall n x y, length m = length x -> dot (m ++ n) (x ++ y) = dot m x + dot n y.
Proof. induction m; intros n [|b x] y E; simpl in *; try discriminate; [ring|]. rewrite IHm by lia. ring. Qed.

Lemma coefficients_correct t : forall l, at_inputs R (reads l) t = dot (coefficients (length l) t) l.
Proof.
  apply rev_ind.
  - simpl. rewrite <- (at_inputs_zero t). apply at_inputs_ext. intros p. unfold reads. destruct (pred (Pos.to_nat p)); reflexivity.
  - intros a l IH. unfold coefficients. rewrite app_length, Nat.add_comm. simpl length. rewrite Nat.add_comm, seq_app, map_app.
    rewrite dot_app by (rewrite map_length, seq_length; reflexivity).
    unfold coefficients in IH. rewrite <- IH. simpl.
    replace (at_inputs R (basis (length l)) t * a + 0) with (a * at_inputs R (basis (length l)) t) by ring.
    rewrite <- at_inputs_linear. apply at_inputs_ext. intros p. unfold reads, basis.
    destruct (Nat.eqb_spec (pred (Pos.to_nat p)) (length l)) as [E|E].
    + rewrite E, app_nth2, Nat.sub_diag, (nth_overflow l) by lia. simpl. ring.
    + destruct (Nat.lt_ge_cases (pred (Pos.to_nat p)) (length l)).
      * rewrite app_nth1 by assumption. ring.
      * rewrite !nth_overflow by (rewrite ?app_length; simpl; lia). ring.
Qed.

Lemma fits_length f xs ys : fits R f xs -> fits R f ys -> length (entries_of xs) = length (entries_of ys).
Proof.
  unfold fits. intros X; revert ys. induction X as [|i t is ts (D & F & _) _ IH]; intros ys Y; inversion Y as [|? u ? us (D' & F' & _)]; subst; [reflexivity|].
  simpl. rewrite !app_length. f_equal; [|apply IH; assumption].
  rewrite <- (well_formed_length t F), <- (well_formed_length u F'). congruence.
Qed.

Lemma entries_length f xs : fits R f xs -> length (entries_of xs) = length (domains R f).
Proof. intros H. symmetry. exact (Forall2_length _ _ _ (domains_hold R f xs H)). Qed.

Definition row_map (n : nat) (r : row W) : Qc * list Qc :=
  (exactly R (free r) / natural (denominator r), map (fun c => c / natural (denominator r)) (coefficients n (linear r))).

Lemma row_map_correct r l : at_row R (reads l) r = fst (row_map (length l) r) + dot (snd (row_map (length l) r)) l.
Proof.
  unfold at_row, row_map. simpl. rewrite coefficients_correct.
  assert (D : forall m x c, dot (map (fun v => v / natural c) m) x = dot m x / natural c).
  { intros m; induction m as [|v m IH]; intros [|a x] c; simpl; try (field; auto). rewrite IH. field. auto. }
  rewrite D. field. auto.
Qed.

Theorem rows_affine f t : run_rows R f = Some t -> is_affine f.
Proof.
  intros T. exists (dims t), (map (row_map (length (domains R f))) (entries t)). intros xs F.
  destruct (run_rows_sound R f xs F _ T) as ([s y] & -> & D & Y). simpl in *. subst s. f_equal. f_equal.
  rewrite <- (entries_length f xs F). unfold affine_map. rewrite map_map.
  induction Y as [|r q rs qs E Y IH]; simpl; [reflexivity|]. f_equal; [|exact IH].
  rewrite <- E. apply row_map_correct.
Qed.

(** A matrix that fits the inputs, as rows over them. *)
Definition matrix_rows (f : network) (m : matrix R) : option (list (row W)) :=
  apply R (rows R (Map.empty _) (Map.empty _) []) m (entries_of (unknowns R f)).

Lemma matrix_rows_sound f m rs xs y : matrix_rows f m = Some rs -> fits R f xs -> apply R (exact R) m (entries_of xs) = Some y ->
  Forall2 (stands R (reads (entries_of xs))) rs y.
Proof.
  intros M F E. assert (K : keeps (stands R (reads (entries_of xs))) (rows R (Map.empty _) (Map.empty _) []) (exact R)).
  { apply rows_sound; intros p i L; rewrite FMapPositive.PositiveMap.gempty in L; discriminate. }
  destruct (apply_related R _ _ _ m _ _ K (entries_related _ _ _ (unknowns_stand R f xs _ F (reads_begins _))) _ M) as (y' & E' & Y).
  rewrite E in E'. injection E' as <-. exact Y.
Qed.

Theorem equals_is_affine f s m rs : equals_affine R f s m -> matrix_rows f m = Some rs -> is_affine f.
Proof.
  intros H M. exists s, (map (row_map (length (domains R f))) rs). intros xs F. destruct (H xs F) as (y & -> & A). do 2 f_equal.
  pose proof (matrix_rows_sound f m rs xs y M F A) as Y. rewrite <- (entries_length f xs F). unfold affine_map. rewrite map_map. clear M A.
  induction Y as [|r q rs' qs E Y IH]; simpl; [reflexivity|]. f_equal; [|exact IH]. rewrite <- E. apply row_map_correct.
Qed.

(** Whether the constants of a map are 0. *)
Definition check_constants (f : network) (m : matrix R) : bool :=
  match matrix_rows f m with Some rs => forallb (fun r => is_zero R (free r)) rs | None => false end.

Theorem equals_is_linear f s m : equals_affine R f s m -> check_constants f m = true -> is_linear f.
Proof.
  unfold check_constants. intros H C. destruct (matrix_rows f m) as [rs|] eqn:M; [|discriminate].
  exists s, (map (fun r => snd (row_map (length (domains R f)) r)) rs). intros xs F. destruct (H xs F) as (y & -> & A). do 2 f_equal.
  pose proof (matrix_rows_sound f m rs xs y M F A) as Y. rewrite <- (entries_length f xs F), map_map. clear M A.
  induction Y as [|r q rs' qs E Y IH]; simpl in *; [reflexivity|]. apply andb_prop in C as [Z C].
  f_equal; [|exact (IH C)]. rewrite <- E, row_map_correct. simpl. rewrite (zero_exact R _ Z). field. auto.
Qed.

(** Without constants it is linear. *)
Definition check_linear (f : network) : bool :=
  match run_rows R f with Some t => forallb (fun r => is_zero R (free r)) (entries t) | None => false end.

Theorem linear_sound f : check_linear f = true -> is_linear f.
Proof.
  unfold check_linear. destruct (run_rows R f) as [t|] eqn:T; [|discriminate]. intros Z.
  exists (dims t), (map (fun r => snd (row_map (length (domains R f)) r)) (entries t)). intros xs F.
  destruct (run_rows_sound R f xs F _ T) as ([s y] & -> & D & Y). simpl in *. subst s. f_equal. f_equal.
  rewrite <- (entries_length f xs F). rewrite map_map.
  induction Y as [|r q rs qs E Y IH]; simpl in *; [reflexivity|]. apply andb_prop in Z as [Z0 Z].
  f_equal; [|exact (IH Z)]. rewrite <- E, row_map_correct. simpl. rewrite (zero_exact R _ Z0). field. auto.
Qed.

(** ** Structure: every layer is affine, the shapes agree *)

(** Numbers of which only the places are kept: whatever the weights are, sums exist and maxima do not. *)
Definition places : numbers W unit := {|
  sum _ _ _ := tt; max _ _ := None; min _ _ := None; times _ _ := None |}.

Definition blanks (f : network) : list (tensor unit) :=
  map (fun i => Tensor (fst i) (repeat tt (Z.to_nat (elements (fst i))))) (inputs f).

Definition check_structure (f : network) : bool :=
  match run (number R) places f (blanks f) with Some _ => true | None => false end.

Theorem structure_sound f : check_structure f = true -> is_affine f.
Proof.
  unfold check_structure. destruct (run _ places f _) as [t|] eqn:E; [|discriminate]. intros _.
  assert (K : keeps (fun (_ : unit) (_ : row W) => True) places (rows R (box_of R (domains R f)) (Map.empty _) [])).
  { split; unfold implies; simpl; try discriminate; auto. }
  assert (B : forall is k, Forall2 (related (fun (_ : unit) (_ : row W) => True))
    (map (fun i : shape * domain W => Tensor (fst i) (repeat tt (Z.to_nat (elements (fst i))))) is) (unknown_inputs R k is)).
  { induction is as [|i is IH]; intros k; simpl; constructor; [|apply IH]. split; [reflexivity|]. simpl.
    generalize (Z.to_nat (elements (fst i))) as n. intros n; revert k; induction n; intros k; simpl; constructor; auto. }
  destruct (run_related _ _ _ K (number R) f _ _ (B (inputs f) 0%nat) _ E) as (u & U & _).
  exact (rows_affine f u U).
Qed.
End Affine.
